//! The columns that rows are read from, by name, never `*`: a process of an earlier version whose
//! statements are prepared must get the same columns after a migration has added one.

/// Names with `$at` (such as `"r."`) before each, and commas between.
macro_rules! listed {
    ($at:literal: $first:ident $($next:ident)*) => {
        concat!($at, stringify!($first) $(, ", ", $at, stringify!($next))*)
    };
}

/// What [`crate::flow_rows::FlowRow`] reads.
macro_rules! flow_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id owner_id name url browser scheduling timezone
            spread_seconds active alert_policy alerts channels dialogs run_timeout_ms settings
            steps next_run_at version created_at updated_at)
    };
}

/// What [`crate::run_rows::RunRow`] reads.
macro_rules! run_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id owner_id flow_id flow_name triggered_by status attempt
            losses scheduled_for queued_at started_at finished_at duration_us browser
            browser_version error_code error_message error_step missed_count cancel_requested
            fencing)
    };
}

/// Whose room is free once runs are gone, and how much of it.
macro_rules! freed_columns {
    () => {
        "owner_id, CASE WHEN pictures_removed THEN 0 ELSE stored_bytes END AS stored_bytes"
    };
}

/// What [`crate::log_rows::StepLogRow`] reads.
macro_rules! log_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: number action name selector_xpath content status started_at
            duration_us wait_us act_us picture_us url title error_code error_message
            error_expected error_found screenshot_key screenshot_missing dialogs evidence)
    };
}

/// What a claimed notice is read from.
macro_rules! notice_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id owner_id channel_id created_at body attempts tries)
    };
}

/// What a record of a delivery is read from.
macro_rules! delivery_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id channel_id event run_id status attempts last_error
            created_at due_at settled_at)
    };
}

/// What [`crate::channel_rows::ChannelRow`] reads.
macro_rules! channel_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id owner_id name target status status_reason
            last_delivered_at last_error version created_at updated_at)
    };
}

/// What a secret is read from.
macro_rules! secret_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: owner_id name sealed created_at updated_at)
    };
}

/// What is known of a flow's site.
macro_rules! alert_state_columns {
    () => {
        "site_health, failures_in_row, failing_since, told_at"
    };
}

/// What an attempt of a run is read from.
macro_rules! attempt_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: attempt status error_code error_message error_step
            finished_at browser_version)
    };
}

/// What an account is read from.
macro_rules! account_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id name email password_hash confirmed_at created_at)
    };
}

/// What a log-in is read from.
macro_rules! login_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id created_at expires_at last_used_at address user_agent)
    };
}

/// What an API key is read from.
macro_rules! api_key_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id account_id name scopes created_at expires_at
            last_used_at)
    };
}

/// What an entry of the audit log is read from.
macro_rules! audit_columns {
    ($at:literal) => {
        $crate::columns::listed!($at: id account_id at actor_kind actor_id operation thing_kind
            thing_id fields address status)
    };
}

pub(crate) use {
    account_columns, alert_state_columns, api_key_columns, attempt_columns, audit_columns,
    channel_columns, delivery_columns, flow_columns, freed_columns, listed, log_columns,
    login_columns, notice_columns, run_columns, secret_columns,
};
