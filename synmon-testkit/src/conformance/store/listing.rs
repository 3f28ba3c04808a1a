//! Long lists, a page at a time.

use synmon_core::{
    FlowId, OwnerId, RunId,
    flow::{Flow, FlowUrl},
    run::{Run, RunStatus},
    store::{FlowFilter, PageRequest, RunFilter},
};

use super::{Subject, begin, end, failed, insert, later, passed, queue};
use crate::factory::{a_due_flow, a_flow, a_queued_run, an_owner, named, noon};

async fn flows(store: &Subject, owner: OwnerId, filter: &FlowFilter, limit: u32) -> Vec<FlowId> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.list_flows(owner, filter, PageRequest { limit, after }).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        found.extend(page.items.iter().map(|listed| listed.flow.id));
        match page.next {
            Some(next) => {
                assert_eq!(found.last(), Some(&next));
                after = Some(next);
            }
            None => return found,
        }
    }
}

async fn runs(store: &Subject, owner: OwnerId, filter: &RunFilter, limit: u32) -> Vec<RunId> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let page = store.list_runs(owner, filter, PageRequest { limit, after }).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        found.extend(page.items.iter().map(|run| run.id));
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

fn newest_first<Id: Copy>(oldest_first: &[Id]) -> Vec<Id> {
    oldest_first.iter().rev().copied().collect()
}

/// Whatever the size of a page, nothing is left out or shown twice.
pub async fn flows_are_listed_newest_first_a_page_at_a_time(store: &Subject) {
    let owner = an_owner();
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(insert(store, a_flow(owner)).await.id);
    }
    for limit in [1, 2, 3, 5, 6, 7, 100] {
        let found = flows(store, owner, &FlowFilter::default(), limit).await;
        assert_eq!(found, newest_first(&ids), "{limit} a page");
    }
    let none = flows(store, an_owner(), &FlowFilter::default(), 10).await;
    assert_eq!(none, []);
}

/// Active ones, the others, or both; with pages too.
pub async fn flows_are_listed_by_whether_they_are_active(store: &Subject) {
    let owner = an_owner();
    let mut active = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..3 {
        active.push(insert(store, a_due_flow(owner, noon())).await.id);
        idle.push(insert(store, a_flow(owner)).await.id);
    }
    for (wanted, expected) in [(true, active), (false, idle)] {
        let filter = FlowFilter { active: Some(wanted), text: None };
        assert_eq!(flows(store, owner, &filter, 2).await, newest_first(&expected));
    }
}

/// Whatever the case of its letters, in any script.
pub async fn flows_are_found_by_any_part_of_their_name_or_address(store: &Subject) {
    let owner = an_owner();
    let shop = insert(store, named(a_flow(owner), "Größe ÄPFEL Ελλάδος МОСКВА")).await.id;
    let url = FlowUrl::parse("https://Other.Example/Check-Out").unwrap();
    let check = insert(store, Flow { url, ..named(a_flow(owner), "plain") }).await.id;
    let shout = insert(store, named(a_flow(owner), "ΟΔΟΣ")).await.id;
    for (text, expected) in [
        ("GRÖSSE", vec![]),
        ("größe", vec![shop]),
        ("äpfel", vec![shop]),
        ("ΕΛΛΆΔΟΣ", vec![shop]),
        ("москва", vec![shop]),
        ("οδος", vec![shout]),
        ("ΟΔΟΣ", vec![shout]),
        ("οδοσ", vec![shout]),
        ("CHECK-out", vec![check]),
        ("other.example", vec![check]),
        ("site.example", vec![shout, shop]),
        ("nowhere", vec![]),
        ("", vec![shout, check, shop]),
    ] {
        let filter = FlowFilter { active: None, text: Some(text.to_owned()) };
        assert_eq!(flows(store, owner, &filter, 10).await, expected, "{text}");
    }
}

/// `%`, `_`, `\` and quotes are letters like any other.
pub async fn signs_with_a_meaning_in_patterns_are_searched_for_as_they_are(store: &Subject) {
    let owner = an_owner();
    let names = ["100% of it", "snake_case", "back\\slash", "it's", "[a-z]*", "plain text"];
    let mut ids = Vec::new();
    for name in names {
        ids.push(insert(store, named(a_flow(owner), name)).await.id);
    }
    for (text, expected) in [
        ("0%", Some(0)),
        ("%", Some(0)),
        ("e_c", Some(1)),
        ("_", Some(1)),
        ("\\", Some(2)),
        ("k\\s", Some(2)),
        ("'", Some(3)),
        ("[a-z]", Some(4)),
        ("*", Some(4)),
        ("n_t", None),
        ("s%e", None),
        ("\\%", None),
    ] {
        let filter = FlowFilter { active: None, text: Some(text.to_owned()) };
        let expected: Vec<FlowId> = expected.map(|place: usize| ids[place]).into_iter().collect();
        assert_eq!(flows(store, owner, &filter, 10).await, expected, "{text}");
    }
}

/// The newest run, whatever became of it; each flow its own.
pub async fn a_listed_flow_shows_its_newest_run(store: &Subject) {
    let owner = an_owner();
    let (one, two) = (a_flow(owner), a_flow(owner));
    let (one, two) = (insert(store, one).await, insert(store, two).await);
    let never = insert(store, a_flow(owner)).await;
    queue(store, &one, later(1)).await;
    let of_two = queue(store, &two, later(2)).await;
    let of_one = queue(store, &one, later(3)).await;
    let page = PageRequest { limit: 10, after: None };
    let listed = store.list_flows(owner, &FlowFilter::default(), page).await.unwrap();
    let shown: Vec<(FlowId, Option<Run>)> =
        listed.items.into_iter().map(|listed| (listed.flow.id, listed.last_run)).collect();
    let expected = [(never.id, None), (two.id, Some(of_two)), (one.id, Some(of_one.clone()))];
    assert_eq!(shown, expected);
    let single = store.flow(owner, one.id).await.unwrap().unwrap();
    assert_eq!(single.last_run, Some(of_one));
}

/// Whatever the size of a page, nothing is left out or shown twice.
pub async fn runs_are_listed_newest_first_a_page_at_a_time(store: &Subject) {
    let flow = insert(store, a_flow(an_owner())).await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(queue(store, &flow, noon()).await.id);
    }
    for limit in [1, 2, 3, 5, 6, 7, 100] {
        let found = runs(store, flow.owner, &RunFilter::default(), limit).await;
        assert_eq!(found, newest_first(&ids), "{limit} a page");
    }
}

/// Each filter alone, and all at once; `from` is included and `to` is not.
pub async fn runs_are_listed_by_flow_status_and_time(store: &Subject) {
    let owner = an_owner();
    let (one, two) = (insert(store, a_flow(owner)).await, insert(store, a_flow(owner)).await);
    let first = begin(store, &one, later(0)).await;
    end(store, &first, passed()).await;
    let second = begin(store, &two, later(10)).await;
    end(store, &second, failed()).await;
    let third = queue(store, &one, later(20)).await.id;
    let (first, second) = (first.run.id, second.run.id);
    let all = RunFilter::default();
    for (filter, expected) in [
        (RunFilter { flow: Some(one.id), ..all.clone() }, vec![third, first]),
        (RunFilter { status: Some(RunStatus::Failed), ..all.clone() }, vec![second]),
        (RunFilter { status: Some(RunStatus::Queued), ..all.clone() }, vec![third]),
        (RunFilter { status: Some(RunStatus::Errored), ..all.clone() }, vec![]),
        (RunFilter { from: Some(later(10)), ..all.clone() }, vec![third, second]),
        (RunFilter { to: Some(later(10)), ..all.clone() }, vec![first]),
        (RunFilter { from: Some(later(10)), to: Some(later(20)), ..all.clone() }, vec![second]),
        (
            RunFilter {
                flow: Some(one.id),
                status: Some(RunStatus::Passed),
                from: Some(later(0)),
                to: Some(later(1)),
            },
            vec![first],
        ),
        (RunFilter { flow: Some(FlowId::new(noon())), ..all }, vec![]),
    ] {
        assert_eq!(runs(store, owner, &filter, 1).await, expected, "{filter:?}");
    }
}

/// Nor does a filter by somebody else's flow, or a cursor from somebody else's list, show more.
pub async fn lists_show_their_owners_things_alone(store: &Subject) {
    let mine = insert(store, a_flow(an_owner())).await;
    let theirs = insert(store, a_flow(an_owner())).await;
    let my_run = queue(store, &mine, noon()).await.id;
    let their_run = a_queued_run(&theirs, noon());
    store.insert_run(&their_run).await.unwrap();
    let found = flows(store, mine.owner, &FlowFilter::default(), 10).await;
    assert_eq!(found, [mine.id]);
    assert_eq!(runs(store, mine.owner, &RunFilter::default(), 10).await, [my_run]);
    let theirs = RunFilter { flow: Some(theirs.id), ..RunFilter::default() };
    assert_eq!(runs(store, mine.owner, &theirs, 10).await, []);
    assert_eq!(store.run(mine.owner, their_run.run.id).await.unwrap(), None);
    let page = PageRequest { limit: 10, after: Some(their_run.run.id) };
    let page = store.list_runs(mine.owner, &RunFilter::default(), page).await.unwrap();
    assert_eq!(page.items.iter().map(|run| run.id).collect::<Vec<_>>(), [my_run]);
}
