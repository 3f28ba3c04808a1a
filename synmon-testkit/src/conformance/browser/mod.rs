//! What a browser must do: one topic a file, each case with pages and a session of its own.

#![expect(missing_docs, reason = "the name of a case is what it claims")]

pub mod actions;
pub mod activity;
pub mod boxes;
pub mod changing;
pub mod dialogs;
pub mod explaining;
pub mod fields;
pub mod frames;
pub mod gestures;
pub mod hostile;
pub mod isolation;
pub mod loading;
pub mod locating;
pub mod navigation;
pub mod pictures;
pub mod readiness;
pub mod refusals;
pub mod scrolling;
pub mod selectors;
pub mod settings;
pub mod tabs;
pub mod travel;
pub mod trouble;
pub mod typing;
pub mod widgets;
pub mod windows;

pub mod image;
mod subject;
mod tab;

pub use image::{Pixels, size};
pub use subject::Subject;
#[doc(no_inline)]
pub use synmon_core::browser::Capability;
pub use tab::{CLICK, DOUBLE_CLICK, HANGS, Tab, candidates, replacing, selector, typing};

/// The one list of cases: one that is not named here does not exist. `$fresh` is a future of an
/// optional fixture: its `subject()` gives the [`Subject`], and its `assert_clean()` is a future
/// that ends when nothing is left of any session, and panics if that does not come. Cases may share
/// it ([`Shared`](crate::Shared)): the last one that has it looks at what is left of all. A case that
/// names capabilities is left out only where the browser declares that it lacks one of them.
#[macro_export]
macro_rules! browser_conformance {
    ($fresh:expr) => {
        $crate::browser_conformance! { @cases $fresh;
            actions {
                a_click_is_a_real_one
                a_double_click_is_one_event
                hovering_opens_a_menu
                a_click_waits_for_the_page_that_it_leads_to
                chords_hold_their_keys_in_order
                enter_sends_a_form_and_waits_for_the_answer
            }
            activity {
                errors_on_the_console_are_told [Console]
                requests_are_told_with_what_came_of_them [Network]
                the_main_document_is_told_through_redirects_and_travels [Network]
                what_other_tabs_and_frames_do_is_told_too [Console, Network]
                a_page_that_does_too_much_is_cut_short [Console]
            }
            boxes {
                a_box_is_ticked_once
                a_box_is_ticked_by_what_a_person_sees_of_it
                a_box_that_does_not_take_it_is_told_of
            }
            changing {
                an_element_that_is_made_anew_is_the_same_to_a_person
                an_element_that_is_replaced_between_look_and_act_is_not_missed
                what_fades_and_slides_in_is_acted_upon_when_it_is_there
                a_banner_that_goes_away_is_waited_out
                what_is_half_visible_is_hidden_or_not_as_a_person_sees_it
                a_link_of_several_lines_is_hit
                a_scaled_or_turned_element_is_hit
                what_is_disabled_for_now_is_waited_for_and_told
            }
            dialogs {
                a_dialog_while_a_page_loads
                a_dialog_that_a_click_opens_is_dismissed
                a_dialog_that_a_click_opens_is_accepted
                a_page_that_wants_to_stay_is_left
                dialogs_without_end_are_an_error_and_end
                a_prompt_is_given_its_text
                dialogs_are_answered_as_was_last_said
                a_dialog_in_a_frame_is_answered
                a_dialog_in_another_tab_is_answered
                going_back_from_a_page_that_wants_to_stay_works
            }
            explaining {
                what_each_candidate_finds_is_told
                the_html_is_that_around_the_element
                nobody_reads_in_it_what_was_typed
            }
            fields {
                text_is_typed_key_by_key_after_what_is_there
                any_character_can_be_typed_but_no_key_code
                a_long_text_arrives_whole
                dates_colours_and_sliders_hold_what_is_typed
                no_file_is_ever_uploaded
                clearing_empties_a_field_as_a_person_does
                options_are_chosen_by_label_or_value
                an_option_is_chosen_without_the_focus
            }
            frames {
                steps_act_in_a_frame_and_outside_again
                steps_act_in_a_frame_of_another_site
                frames_are_in_frames
                what_is_no_frame_is_told
                a_frame_that_comes_late_is_waited_for
                a_frame_that_is_removed_is_no_place_any_more
                a_frame_that_goes_to_another_page_is_the_same_place
                what_covers_a_frame_covers_what_is_in_it
                a_frame_is_scrolled_into_view
            }
            gestures {
                each_button_is_pressed_as_often_as_it_should
                a_position_counts_from_the_upper_left_corner
                dragging_moves_what_follows_the_mouse
                dragging_moves_what_captures_the_pointer [PointerCapture]
                dragging_carries_what_html5_lets_be_dragged
                nothing_is_dragged_where_it_cant_be_dropped
                what_looks_by_a_timer_sees_a_drag
            }
            hostile {
                a_page_that_spoils_arrays_and_objects [OwnWorld]
                a_page_that_spoils_json_promises_and_functions [OwnWorld]
                a_page_that_spoils_elements [OwnWorld]
                a_page_that_spoils_time_and_the_console [OwnWorld]
                a_page_that_lets_no_other_script_run
                a_page_that_swallows_all_events
                a_page_that_is_very_large
                a_page_that_is_very_deep
                a_page_that_is_too_deep_to_be_read
                a_page_that_never_stays
                what_a_page_says_is_taken_for_nothing_else
            }
            isolation {
                nothing_is_remembered_of_the_session_before
                nothing_is_known_of_the_session_beside
                nobody_is_let_in_with_anothers_password [Headers]
                a_session_does_not_talk_to_another_through_the_browser
                sessions_act_at_the_same_time
                nothing_is_pasted_that_another_has_copied
            }
            loading {
                the_timing_of_a_page_is_told
                what_a_person_notices_is_told
                redirects_are_followed_but_not_for_ever
                a_connection_that_breaks_is_an_error
                a_blank_page_is_no_error_but_says_nothing
                a_fresh_session_shows_nothing
                what_is_no_page_is_shown_as_it_is
            }
            locating {
                each_way_finds_what_it_says
                a_text_means_the_smallest_element_that_says_it
                all_ways_but_xpath_look_into_shadow_roots
                the_first_candidate_that_finds_anything_counts
                what_cant_be_read_is_told
                an_attribute_is_what_the_page_says
                words_are_found_among_very_many
                what_is_rendered_later_is_there
                a_part_of_an_image_is_clicked
            }
            navigation {
                a_page_that_does_not_come_is_an_error
                the_status_of_a_page_is_told
                an_answer_without_a_page_is_an_error
                each_document_has_a_token_of_its_own
                what_a_page_says_is_bounded
                sessions_know_nothing_of_each_other
            }
            pictures {
                a_picture_shows_what_the_viewport_shows
                a_picture_shows_all_of_the_page [FullPage]
                a_picture_shows_one_element
                what_is_masked_is_painted_over
                a_mask_reaches_into_frames
                what_is_to_be_concealed_is_painted_over [OwnWorld]
                a_page_does_not_uncover_what_is_painted_over [OwnWorld]
                a_page_does_not_learn_what_is_concealed_in_it [OwnWorld]
                a_jpeg_is_one
            }
            readiness {
                each_lack_is_told
                what_comes_late_is_acted_upon_when_it_is_there
                what_moves_is_clicked_when_it_stands_still
                what_slips_away_at_the_last_moment_is_not_missed
                sticky_headers_and_scrollers_are_scrolled_past
                the_hit_test_sees_through_shadow_roots
                a_label_stands_for_its_box_and_an_icon_for_its_button
                behind_a_modal_dialog_nothing_is_typed
                the_first_match_that_can_be_seen_is_meant
            }
            refusals {
                nothing_is_downloaded
                no_file_chooser_gets_in_the_way
                no_permission_is_given_and_none_is_waited_for
                a_page_reaches_no_file_and_no_browser_page
                full_screen_and_pointer_lock_are_got_out_of
            }
            scrolling {
                the_wheel_turns_over_the_page
                the_wheel_turns_over_an_element
                an_element_is_brought_into_view
            }
            selectors {
                what_is_no_selector_of_elements_is_refused
                text_is_what_is_rendered
                names_in_the_page_do_not_get_in_the_way
            }
            settings {
                the_viewport_is_as_large_as_it_should_be
                the_viewport_changes_its_size
                a_device_looks_like_one [Emulation]
                a_page_sees_the_language_and_the_time_zone [Emulation]
                a_browser_calls_itself_as_it_should [Emulation]
                headers_go_with_each_request [Headers]
                a_site_that_asks_who_is_there_is_told [Headers]
                cookies_are_there_from_the_beginning
                blocked_hosts_give_nothing [Blocking]
                a_bad_certificate_is_an_error_unless_it_is_to_be_ignored
            }
            tabs {
                steps_go_on_in_a_new_tab
                tabs_are_told_apart_by_number_title_and_address
                a_tab_that_is_there_already_is_not_new
                after_a_tab_is_closed_the_one_before_goes_on
                a_tab_that_closes_itself_does_no_harm
                each_tab_has_a_history_and_frames_of_its_own
            }
            travel {
                back_and_forward_lead_through_the_history
                a_page_loads_again
                back_within_an_application_changes_no_document
                a_page_that_does_not_come_back_is_told
                before_the_first_page_there_is_none
            }
            trouble {
                a_handler_that_never_ends
                a_script_that_never_ends_while_the_page_loads
                a_server_that_never_answers
                a_page_that_nobody_interrupts
                an_xpath_that_never_ends
                a_page_that_floods_the_browser
                a_page_that_says_too_much_at_once [Console]
                an_interruption_of_a_quiet_page_harms_nothing
                a_page_without_frames_can_be_clicked
                a_page_that_crashes
                a_frame_that_hangs
                a_call_that_is_given_up_leaves_the_next_ones_right
            }
            typing {
                what_was_there_is_replaced
                a_field_takes_no_more_than_it_lets_a_person_type
                keys_move_the_focus
                what_the_page_focuses_meanwhile_gets_nothing
                a_focus_that_is_taken_on_the_way_is_given_back
                nothing_is_typed_where_the_focus_can_not_stay
                a_code_goes_from_box_to_box
                the_caret_stays_where_a_mask_has_put_it
            }
            widgets {
                a_controlled_input
                a_date_picker_of_divs
                a_field_that_makes_proposals
                a_list_that_shows_only_what_is_seen
                a_modal_that_traps_the_focus
                a_cookie_banner_in_a_shadow_root
                an_application_of_one_page
                a_list_without_end
                a_form_that_is_answered_by_a_redirect
                a_log_in_with_a_session_cookie
            }
            windows {
                a_new_tab_does_not_take_over
                a_flood_of_windows_is_held_back
            }
        }
    };
    (@cases $fresh:expr; $($topic:ident { $($case:ident $([$($needed:ident),+])?)+ })+) => {$(
        mod $topic {
            #[expect(unused_imports, reason = "what the fixture's expression names is not known")]
            use super::*;

            $(#[test]
            fn $case() {
                $crate::together(async {
                    // None: what the fixture needs is not there, and it has said so.
                    let Some(fixture) = $fresh.await else { return };
                    let subject = fixture.subject();
                    $(
                        use $crate::conformance::browser::Capability;
                        if !subject.has(stringify!($case), &[$(Capability::$needed),+]) {
                            return;
                        }
                    )?
                    $crate::conformance::browser::$topic::$case(subject).await;
                    fixture.assert_clean().await;
                });
            })+
        }
    )+};
}
