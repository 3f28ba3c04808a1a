//! SF6: a name whose addresses change between the look and the connection.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use synmon_core::egress::{EgressPolicy, ResolveError, Resolver};
use synmon_testkit::{Answer, Site};

use super::wire::{Wire, guard};

/// What may be reached, and what must not be. Both are on loopback: the operator has allowed one.
const ALLOWED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const FORBIDDEN: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Says something else each time it is asked.
#[derive(Default)]
struct Rebinding(AtomicUsize);

#[async_trait]
impl Resolver for Rebinding {
    async fn resolve(&self, _host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        Ok(match self.0.fetch_add(1, Ordering::Relaxed) % 4 {
            0 | 2 => vec![ALLOWED.into()],
            1 => vec![FORBIDDEN.into()],
            _ => vec![ALLOWED.into(), FORBIDDEN.into()],
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_rebound_leads_nowhere_else() {
    let canary = Site::answering(|_| Some(Answer::html("canary"))).await;
    let port = canary.url("/").port().unwrap();
    let site = Site::answering_at((ALLOWED, port).into(), |_| Some(Answer::html("site"))).await;
    let names = Arc::new(Rebinding::default());
    let policy = EgressPolicy::new(ALLOWED.to_string().parse().unwrap(), Arc::clone(&names) as _);
    let guard = guard(policy);
    let mut wire = Wire::to(&guard).await;
    let (mut reached, mut refused) = (0, 0);
    for _ in 0..1_000 {
        let reply = wire.get(&format!("http://rebind.test:{port}/")).await.unwrap();
        match reply.status {
            200 => {
                assert_eq!(reply.body, "site");
                reached += 1;
            }
            403 => refused += 1,
            other => panic!("{other}: {reply:?}"),
        }
    }
    assert!(canary.asked().is_empty());
    assert_eq!((reached, refused, site.asked().len()), (500, 500, 500));
    // One look for each: nothing is looked up again to be dialed.
    assert_eq!(names.0.load(Ordering::Relaxed), 1_000);
}
