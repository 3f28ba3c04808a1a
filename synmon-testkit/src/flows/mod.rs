//! Flows whose verdicts are known: what they are, and how they come out in a browser.
//!
//! Each is a site, the steps as a user sends them, and the right outcome. The engine of
//! `synmon-core` carries it out in every browser that is given to it: each verdict must be the right
//! one, and what the logs say must be the same in all of them.

#![expect(missing_docs, reason = "the name of a flow is what it is about")]

mod case;
mod run;
mod trace;

pub mod control;
pub mod everyday;
pub mod false_alarms;
pub mod silent_green;
pub mod vocabulary;

pub use case::FlowCase;
pub use run::{Candidate, in_each};
pub use trace::{Line, Trace};

/// The one list of flows: one that is not named here does not exist. `$fresh` is a future of an
/// optional fixture: its `browsers()` gives a `Vec` of [`Candidate`]s, and its `assert_clean()` is
/// a future that ends when nothing is left of any session.
#[macro_export]
macro_rules! flow_conformance {
    ($fresh:expr) => {
        $crate::flow_conformance! { @cases $fresh;
            control {
                a_failure_that_is_gone_past
                clearing_up_after_a_failure
                clearing_up_that_fails_too
                a_step_that_is_tried_again
                a_variable_that_was_never_kept
                a_selector_that_must_be_the_first
                a_run_that_takes_too_long
                another_flows_steps
                another_flows_step_that_fails
                each_reason_is_told
            }
            everyday {
                logging_in_and_out
                ordering_tea
                paying_in_a_frame
                reading_terms_in_another_tab
                walking_through_an_application
            }
            false_alarms {
                a_slow_page
                an_element_that_comes_late
                a_text_that_comes_late
                elements_that_are_made_anew
                a_banner_that_goes_away
                what_slides_in
                a_page_that_takes_the_focus
                a_connection_that_stays_open
                parts_that_are_missing
                a_page_that_talks
                a_page_that_is_found_by_way_of_others
                an_error_that_is_expected
                white_space_and_case
                a_second_one_that_can_be_seen
                a_button_below_a_sticky_header
                a_class_that_was_renamed
                a_first_selector_that_is_merely_late
                a_page_that_would_rather_be_stayed_on
            }
            silent_green {
                a_page_that_is_blank
                an_application_that_never_starts
                an_empty_answer
                an_error_with_a_pretty_page
                a_link_to_an_error_with_a_pretty_page
                a_page_that_is_none_of_the_sites
                redirects_without_end
                a_file_instead_of_a_page
                a_file_instead_of_the_next_page
                a_log_in_page_instead_of_what_is_behind_it
                a_text_that_nobody_sees
                an_element_that_nobody_sees
                a_request_that_fails_behind_a_page_that_looks_well
                a_script_that_breaks_after_the_page_has_loaded
                a_button_that_does_nothing
                a_button_that_cant_be_used
                an_element_that_is_not_there
                a_selector_that_no_browser_reads
                a_page_that_hangs
                a_site_that_does_not_answer
                a_name_that_does_not_resolve
                a_certificate_that_nobody_has_signed
                an_address_that_is_not_to_be_reached
                a_dialog_that_is_not_put_up_with
                a_field_that_forgets_what_is_typed
                a_box_that_refuses
                a_frame_and_a_tab_that_are_not_there
                too_few_results
            }
            vocabulary {
                clicks_of_all_kinds
                fields_of_all_kinds
                dragging_and_scrolling
                going_to_and_fro
                frames_within_frames
                several_tabs
                answers_to_dialogs
                cookies_and_the_viewport
                headers_and_passwords
                what_the_page_asks_for
                what_is_kept_for_later
                pictures_of_all_kinds
            }
        }
    };
    (@cases $fresh:expr; $($topic:ident { $($case:ident)+ })+) => {$(
        mod $topic {
            #[expect(unused_imports, reason = "what the fixture's expression names is not known")]
            use super::*;

            $(#[test]
            fn $case() {
                $crate::together(async {
                    // None: what the fixture needs is not there, and it has said so.
                    let Some(fixture) = $fresh.await else { return };
                    let browsers = fixture.browsers();
                    $crate::flows::in_each(&browsers, $crate::flows::$topic::$case).await;
                    drop(browsers);
                    fixture.assert_clean().await;
                });
            })+
        }
    )+};
}
