//! What a store must do: every role, those of the accounts too.

mod access;
mod accounts;
mod attempts;
mod browser_sessions;
mod cancel;
mod channel_tokens;
mod channels;
mod deeds;
mod deliveries;
mod digests;
mod flows;
mod keyed_requests;
mod last_good;
mod leases;
mod listing;
mod lost;
mod lost_answers;
mod notices;
mod queue;
mod quotas;
mod rates;
mod retention;
mod secrets;
mod sessions;
mod slots;
mod storage;
mod verdicts;

pub use access::*;
pub use accounts::*;
pub use attempts::*;
pub use browser_sessions::*;
pub use cancel::*;
pub use channel_tokens::*;
pub use channels::*;
pub use deeds::*;
pub use deliveries::*;
pub use digests::*;
pub use flows::*;
pub use keyed_requests::*;
pub use last_good::*;
pub use leases::*;
pub use listing::*;
pub use lost::*;
pub use lost_answers::*;
pub use notices::*;
pub use queue::*;
pub use quotas::*;
pub use rates::*;
pub use retention::*;
pub use secrets::*;
pub use sessions::*;
pub use slots::*;
pub use storage::*;
pub use verdicts::*;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use synmon_core::{
    Timestamp,
    channel::Channel,
    flow::Flow,
    notice::Notice,
    run::{ErrorCode, Run, RunError, RunStatus},
    store::{
        AccountStore, ApiKeyStore, AuditStore, ChannelStore, ClaimedRun, KeyedRequestStore,
        RateLimitStore, SessionStore, Store, StoreError, WorkerId,
    },
    verdict::Verdict,
};

use crate::factory::{a_queued_run, a_report, noon};

/// All roles of a store.
pub trait FullStore:
    Store
    + AccountStore
    + SessionStore
    + ApiKeyStore
    + AuditStore
    + RateLimitStore
    + ChannelStore
    + KeyedRequestStore
{
}

impl<T> FullStore for T where
    T: Store
        + AccountStore
        + SessionStore
        + ApiKeyStore
        + AuditStore
        + RateLimitStore
        + ChannelStore
        + KeyedRequestStore
{
}

/// The store that a case is about; it is empty when the case begins.
pub type Subject = Arc<dyn FullStore>;

/// The one list of cases: one that is not named here does not exist. `$fresh` is a future of an
/// optional fixture whose `store()` gives an empty store, as `Arc<dyn FullStore>`.
#[macro_export]
macro_rules! store_conformance {
    ($fresh:expr) => {
        $crate::store_conformance!(@cases $fresh;
            // flows
            a_flow_comes_back_as_stored,
            a_flow_of_an_exotic_kind_comes_back_as_stored,
            a_flow_is_not_inserted_twice,
            a_flow_is_seen_by_its_owner_alone,
            an_update_replaces_the_flow_and_counts_its_version,
            an_update_of_an_old_version_is_refused,
            of_many_updates_of_one_version_one_wins,
            an_update_leaves_the_due_time_unless_it_reschedules,
            a_deleted_flow_takes_its_runs_along_and_leaves_its_files_in_the_trash,
            a_flow_of_somebody_else_is_not_deleted,
            trash_is_forgotten_one_folder_at_a_time,
            // lists
            flows_are_listed_newest_first_a_page_at_a_time,
            flows_are_listed_by_whether_they_are_active,
            flows_are_found_by_any_part_of_their_name_or_address,
            signs_with_a_meaning_in_patterns_are_searched_for_as_they_are,
            a_listed_flow_shows_its_newest_run,
            runs_are_listed_newest_first_a_page_at_a_time,
            runs_are_listed_by_flow_status_and_time,
            lists_show_their_owners_things_alone,
            // slots
            flows_are_due_the_longest_overdue_first,
            an_inactive_flow_is_never_due,
            a_plan_queues_its_slot_and_moves_the_due_time,
            a_plan_does_not_hold_if_the_due_time_was_moved,
            a_plan_does_not_hold_if_the_flow_was_paused_or_deleted,
            a_slot_that_has_a_run_gets_no_second_one,
            a_slot_that_is_not_to_be_run_is_stored_as_skipped,
            a_slot_is_skipped_while_another_run_of_its_flow_is_open,
            missed_slots_are_stored_as_one_skipped_run,
            plans_of_one_batch_do_not_touch_each_other,
            two_schedulers_make_one_run_of_a_slot,
            // quotas
            what_is_used_up_is_there_again_in_the_next_period,
            what_is_put_back_of_a_quota_may_be_used_again,
            of_many_who_take_at_once_no_more_are_served_than_may,
            an_owner_has_no_more_flows_than_he_may,
            slots_beyond_the_quota_are_skipped_and_say_so,
            // the queue
            a_queued_run_comes_back_as_stored,
            a_run_of_a_flow_that_is_gone_is_refused,
            a_claim_takes_the_run_with_its_snapshot,
            a_run_never_starts_before_it_was_queued,
            an_owners_runs_are_claimed_in_their_order,
            owners_take_turns,
            a_thousand_runs_of_one_owner_delay_anothers_by_one_claim,
            a_queue_that_was_cancelled_keeps_nobody_waiting,
            an_owner_at_his_limit_is_passed_over,
            the_limit_of_an_owner_holds_for_many_workers_at_once,
            three_workers_claim_each_run_once,
            the_queue_depth_counts_what_waits,
            // leases
            a_lease_is_prolonged_only_by_its_holder,
            a_log_comes_back_as_stored,
            a_log_that_is_stored_already_stays,
            only_the_logs_of_the_present_attempt_are_shown,
            a_lease_that_was_lost_writes_nothing,
            a_lease_of_a_run_that_is_gone_writes_nothing,
            a_released_run_keeps_its_attempt_and_loses_its_logs,
            a_released_run_that_was_to_be_cancelled_is_not_run_again,
            // verdicts
            a_verdict_ends_the_run_with_all_that_it_says,
            a_verdict_counts_once,
            every_failure_is_told_if_the_policy_is_so,
            changes_alone_are_told_if_the_policy_is_so,
            what_is_our_doing_tells_nobody_and_changes_no_opinion,
            decisions_are_those_of_the_policy_and_are_kept,
            a_flow_can_be_deleted_while_its_runs_end,
            // attempts
            each_attempt_is_kept_with_its_evidence,
            an_attempt_that_is_begun_again_counts_once,
            an_attempt_after_the_deciding_one_is_kept_too,
            a_lost_worker_leaves_an_attempt,
            a_released_run_keeps_its_earlier_attempts,
            // the last good picture
            the_last_good_picture_is_that_of_the_newest_passed_run_before,
            a_run_that_did_not_pass_or_has_no_picture_shows_nothing_good,
            the_last_good_picture_is_of_the_same_step,
            the_last_good_picture_is_of_the_deciding_attempt,
            the_last_good_picture_is_looked_for_among_the_newest,
            // lost workers
            a_run_is_lost_only_when_its_lease_is_over,
            a_lost_run_is_queued_again_as_the_next_attempt,
            the_last_loss_ends_the_run_pauses_the_flow_and_tells_the_owner,
            a_lost_run_that_was_to_be_cancelled_ends_as_that,
            two_recoveries_count_a_loss_once,
            // browser sessions on shared machines
            a_session_is_not_forgotten_while_its_run_has_its_lease,
            a_session_is_forgotten_once_its_lease_is_over,
            a_session_is_forgotten_once_its_run_is_anothers,
            a_session_is_forgotten_some_time_after_its_runs_end,
            a_session_is_forgotten_when_its_run_is_gone,
            a_session_that_is_older_than_any_run_is_forgotten,
            a_session_that_was_closed_is_struck_out,
            a_session_that_is_entered_twice_is_entered_once,
            a_session_that_was_tried_comes_last,
            a_session_that_was_given_up_is_counted_and_not_taken,
            many_reapers_take_each_session_once,
            // cancelling
            a_queued_run_is_cancelled_at_once,
            a_running_run_learns_of_the_wish_to_cancel,
            a_run_that_has_ended_is_not_cancelled,
            a_run_of_somebody_else_is_not_cancelled,
            a_wish_to_cancel_is_never_lost_in_a_race_with_a_claim,
            // the outbox
            a_notice_comes_back_as_stored,
            notices_are_claimed_the_oldest_first,
            a_claimed_notice_is_left_alone_until_its_claim_is_over,
            a_delivered_notice_is_never_claimed_again,
            a_notice_that_is_tried_again_is_due_then,
            a_notice_that_is_given_up_is_never_claimed_again,
            a_settlement_of_a_claim_that_was_lost_is_refused,
            what_is_told_instead_of_a_notice_waits_once_that_is_given_up,
            many_dispatchers_claim_each_notice_once,
            // what is old
            a_run_that_ended_long_ago_is_removed,
            a_run_that_is_open_is_never_removed,
            a_run_that_never_began_is_removed_and_leaves_no_trash,
            old_runs_are_removed_a_batch_at_a_time,
            pictures_are_removed_before_their_run,
            notices_are_removed_once_they_are_settled_for_long,
            many_may_remove_what_is_old_at_once,
            trash_that_was_taken_comes_last,
            // requests with keys
            a_request_with_a_key_is_carried_out_once,
            the_oldest_requests_with_keys_of_an_owner_make_room,
            a_key_is_good_for_one_request_of_one_owner,
            a_request_whose_server_was_lost_is_carried_out_by_another,
            of_many_who_send_a_request_one_carries_it_out,
            requests_with_keys_are_forgotten_after_their_time,
            // how much pictures take
            what_the_runs_of_an_owner_keep_is_counted,
            many_runs_of_an_owner_are_counted_at_once,
            what_is_removed_counts_no_more,
            owners_who_keep_more_than_they_may_are_found,
            the_oldest_pictures_of_runs_that_passed_make_room_first,
            room_is_counted_anew_when_there_is_nothing_left_to_remove,
            room_is_made_while_pictures_come,
            // channels
            a_channel_of_each_kind_comes_back_as_stored,
            a_channel_is_seen_by_its_owner_alone,
            channels_are_listed_newest_first_a_page_at_a_time,
            an_owner_has_no_more_channels_than_he_may,
            the_limit_of_channels_holds_for_many_at_once,
            an_update_replaces_the_channel_and_keeps_what_was_noted,
            an_update_of_a_channel_that_has_changed_or_gone_is_refused,
            a_deleted_channel_is_forgotten_and_what_waits_goes_to_its_owner,
            a_channel_can_be_deleted_while_its_notices_come_and_go,
            a_deleted_account_takes_its_channels_along,
            // secrets
            a_secret_comes_back_as_stored,
            a_secret_is_seen_by_its_owner_alone,
            a_secret_that_is_put_again_gets_the_new_value,
            an_owner_has_no_more_secrets_than_he_may,
            the_limit_of_secrets_holds_for_many_at_once,
            secrets_of_old_keys_are_found_and_sealed_anew,
            a_value_that_was_put_meanwhile_is_not_undone_by_a_seal,
            webhooks_of_all_owners_are_found_a_batch_at_a_time,
            a_deleted_account_takes_its_secrets_along,
            // their addresses
            a_token_confirms_its_channel_once,
            a_token_confirms_its_channel_in_time,
            a_token_confirms_only_the_address_that_it_went_to,
            a_new_token_ends_the_older_one_of_its_channel,
            an_address_gets_a_limited_number_of_tokens,
            the_limit_of_an_address_holds_for_many_at_once,
            // what goes to them
            no_receiver_has_more_than_a_few_notices_under_way,
            many_dispatchers_do_not_crowd_a_receiver,
            a_claimed_notice_brings_its_channel_as_it_is_now,
            a_notice_for_a_channel_that_is_not_there_is_refused,
            what_came_of_a_delivery_is_noted_at_its_channel,
            a_channel_that_fails_for_good_is_disabled_once,
            a_channel_that_was_changed_meanwhile_is_not_disabled,
            deliveries_are_listed_newest_first,
            deliveries_of_a_run_are_listed_wherever_they_go,
            a_settled_notice_is_sent_again_when_its_owner_asks,
            // who is told, and digests
            a_verdict_is_told_by_each_channel_that_is_in_use,
            the_owner_is_told_if_no_channel_is_in_use,
            verdicts_beyond_the_cap_are_held,
            what_was_held_is_told_in_one_digest_for_each_receiver,
            a_single_verdict_that_was_held_goes_out_as_it_is,
            nothing_that_is_held_is_lost_or_told_twice,
            what_is_held_for_a_channel_that_is_deleted_is_told_its_owner,
            // accounts
            a_registration_makes_an_account_that_is_not_confirmed,
            a_second_registration_takes_over_an_account_that_nobody_confirmed,
            a_confirmed_account_is_untouched_by_a_registration,
            one_mailbox_has_one_account,
            an_account_that_nobody_confirms_is_deleted_after_a_while,
            many_registrations_of_one_address_make_one_account,
            an_account_is_renamed,
            a_password_is_upgraded_only_from_the_one_that_was_checked,
            a_token_confirms_its_account_once,
            a_token_is_worth_nothing_after_its_time_or_for_another_purpose,
            of_many_uses_of_a_token_one_succeeds,
            a_token_can_be_spent_while_another_is_issued,
            a_new_token_ends_the_older_ones_for_the_same_purpose,
            tokens_are_limited_for_each_account_and_purpose,
            the_limit_holds_for_many_at_once,
            registrations_beyond_the_limit_leave_the_last_letter_good,
            a_password_is_changed_only_from_the_one_that_was_checked,
            an_address_is_changed_by_the_token_that_went_to_the_new_one,
            a_reset_sets_the_password_confirms_and_ends_all_sessions,
            a_deleted_account_takes_all_that_it_owns_along,
            // sessions
            a_session_is_live_for_its_account_until_its_time_is_over,
            no_session_begins_by_a_password_that_was_changed_meanwhile,
            a_spent_token_does_not_make_an_address_known,
            a_refresh_token_is_exchanged_for_the_next,
            the_reuse_of_a_refresh_token_ends_its_session,
            a_session_that_is_over_rotates_nothing,
            without_a_grace_no_answer_is_given_again,
            a_lost_answer_is_given_again_for_a_while,
            an_answer_of_which_anything_was_used_is_not_given_again,
            a_refresh_token_that_was_replaced_ends_its_session,
            a_lost_answer_of_a_session_that_is_over_stays_lost,
            of_many_rotations_of_one_token_one_stays_good,
            an_access_token_is_used_or_replaced_but_not_both,
            a_session_is_ended_by_any_of_its_tokens,
            what_ended_long_ago_is_pruned_and_nothing_else,
            sessions_are_pruned_a_batch_at_a_time,
            an_account_has_no_more_sessions_than_it_may,
            sessions_that_go_on_are_listed_newest_first,
            one_session_is_ended_by_its_account,
            all_other_sessions_are_ended_at_once,
            // rates
            a_rate_allows_its_burst_and_then_one_in_each_period,
            a_rate_that_rested_allows_no_more_than_its_burst,
            a_rate_allows_several_at_once,
            what_is_given_back_is_allowed_again,
            a_rate_holds_for_many_at_once,
            a_rate_is_forgotten_once_it_is_all_there_again,
            rates_are_forgotten_a_batch_at_a_time,
            // keys of programs, and the audit log
            a_key_opens_its_account_until_its_end,
            the_last_use_of_a_key_is_noted_now_and_then,
            a_key_is_its_accounts_alone,
            an_account_has_no_more_keys_than_it_may,
            the_audit_log_is_listed_newest_first,
            old_entries_of_the_audit_log_are_removed_a_batch_at_a_time,
            an_audit_log_that_is_too_long_loses_its_oldest_entries,
            a_change_of_a_flow_is_told_with_it,
            a_change_of_what_an_owner_has_is_told_with_it,
            a_change_of_an_account_is_told_with_it,
        );
    };
    (@cases $fresh:expr; $($case:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            // None: what the fixture needs is not there, and it has said so.
            let Some(fixture) = $fresh.await else { return };
            $crate::conformance::store::$case(&fixture.store()).await;
        }
    )+};
}

/// How long the leases of these cases last.
const LEASE: Duration = Duration::from_secs(20);
/// As many runs of an owner at a time as there are.
const NO_LIMIT: NonZeroU32 = NonZeroU32::MAX;
/// Later than anything in these cases.
const MUCH_LATER: Duration = Duration::from_hours(1_000);

fn later(seconds: u64) -> Timestamp {
    noon() + Duration::from_secs(seconds)
}

/// Does the same many times at once.
async fn at_once<T, F>(times: u8, work: impl Fn(u8) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..times).map(|turn| tokio::spawn(work(turn))).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

async fn insert(store: &Subject, flow: Flow) -> Flow {
    store.insert_flow(&flow).await.unwrap();
    flow
}

async fn add(store: &Subject, channel: Channel) -> Channel {
    assert!(store.insert_channel(&channel, None, 1_000).await.unwrap());
    channel
}

async fn stored(store: &Subject, flow: &Flow) -> Flow {
    store.flow(flow.owner, flow.id).await.unwrap().unwrap().flow
}

async fn queue(store: &Subject, flow: &Flow, now: Timestamp) -> Run {
    let queued = a_queued_run(flow, now);
    store.insert_run(&queued).await.unwrap();
    queued.run
}

async fn try_claim(store: &Subject, now: Timestamp) -> Option<ClaimedRun> {
    store.claim_run(WorkerId::random(), NO_LIMIT, now, now + LEASE).await.unwrap()
}

async fn claim(store: &Subject, now: Timestamp) -> ClaimedRun {
    try_claim(store, now).await.unwrap()
}

/// Queues a run of the flow and claims it.
async fn begin(store: &Subject, flow: &Flow, now: Timestamp) -> ClaimedRun {
    queue(store, flow, now).await;
    claim(store, now).await
}

async fn end(store: &Subject, claim: &ClaimedRun, verdict: Verdict) {
    store.finish(&claim.lease, &a_report(claim, verdict, later(60))).await.unwrap();
}

async fn run_of(store: &Subject, claim: &ClaimedRun) -> Run {
    store.run(claim.run.owner, claim.run.id).await.unwrap().unwrap()
}

/// All notices that wait, claimed in passing.
async fn pending(store: &Subject) -> Vec<Notice> {
    let (now, until) = (noon() + MUCH_LATER, noon() + MUCH_LATER * 2);
    let claimed = store.claim_notices(now, until, 1_000).await.unwrap();
    claimed.into_iter().map(|claimed| claimed.notice).collect()
}

fn passed() -> Verdict {
    Verdict { status: RunStatus::Passed, error: None }
}

fn failed() -> Verdict {
    of_code(ErrorCode::ElementNotFound)
}

fn of_code(code: ErrorCode) -> Verdict {
    let error = RunError { code, message: "because — 理由".to_owned(), step: Some(1) };
    Verdict { status: code.status(), error: Some(error) }
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    match result {
        Err(StoreError::Conflict { .. }) => {}
        other => panic!("{other:?}"),
    }
}
