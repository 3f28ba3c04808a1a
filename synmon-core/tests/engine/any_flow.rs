//! What holds of every flow, however its steps go on after a failure.

use proptest::prelude::*;
use synmon_core::run::{RunStatus, StepStatus};
use synmon_testkit::factory::{Steps, steps};

use crate::world::{Outcome, World};

/// A step: whether it works, and what follows if not.
#[derive(Clone, Copy, Debug)]
struct Plan {
    works: bool,
    goes_on: bool,
    always: bool,
    retries: i64,
}

fn any_plan() -> impl Strategy<Value = Plan> {
    (any::<bool>(), any::<bool>(), any::<bool>(), 0..3_i64)
        .prop_map(|(works, goes_on, always, retries)| Plan { works, goes_on, always, retries })
}

fn written(plans: &[Plan]) -> Steps {
    plans.iter().fold(steps(), |steps, plan| {
        let selector = if plan.works { "//a" } else { "//gone" };
        steps.click(selector).within_ms(200).with(|step| {
            step.on_failure = plan.goes_on.then(|| "continue".to_owned());
            step.always = Some(plan.always);
            step.retries = Some(plan.retries);
        })
    })
}

/// How the steps are to end, by the rules alone.
fn expected(plans: &[Plan]) -> Vec<StepStatus> {
    let mut stopped = false;
    let mut end = |plan: &Plan| {
        if stopped && !plan.always {
            return StepStatus::Skipped;
        }
        stopped |= !plan.works && !plan.goes_on;
        if plan.works { StepStatus::Passed } else { StepStatus::Failed }
    };
    std::iter::once(StepStatus::Passed).chain(plans.iter().map(&mut end)).collect()
}

fn run(plans: &[Plan]) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::new();
        let flow = world.flow(written(plans)).await;
        world.run(&flow).await
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_step_has_one_log_and_one_that_failed_fails_the_run(
        plans in prop::collection::vec(any_plan(), 0..7),
    ) {
        let outcome = run(&plans);
        let numbers: Vec<_> = outcome.logs.iter().map(|log| log.number as usize).collect();
        prop_assert_eq!(numbers, (0..=plans.len()).collect::<Vec<_>>());
        let expected = expected(&plans);
        let statuses: Vec<_> = outcome.logs.iter().map(|log| log.status).collect();
        prop_assert_eq!(&statuses, &expected);
        let failed = expected.iter().position(|status| *status == StepStatus::Failed);
        let status = if failed.is_some() { RunStatus::Failed } else { RunStatus::Passed };
        prop_assert_eq!(outcome.run.status, status);
        let told = outcome.run.error.and_then(|error| error.step).map(|step| step as usize);
        prop_assert_eq!(told, failed, "the first failure is the verdict");
        for log in &outcome.logs {
            prop_assert_eq!(log.error.is_some(), log.status == StepStatus::Failed);
            prop_assert_eq!(log.started_at.is_some(), log.status != StepStatus::Skipped);
        }
    }
}
