//! A real Chromium against sites on loopback: nothing here leaves this machine.
#![expect(clippy::unwrap_used, reason = "what goes wrong in a test ends it")]

mod cases;
mod fixture;
mod grid;
mod local;
mod machine;
mod remote;
mod site;
mod tab;

/// Runs cases, each with a browser of its own, and proves that nothing is left of it.
macro_rules! cases {
    ($($topic:ident: $($case:ident),+;)+) => {
        $(mod $topic {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let Some(chromium) = crate::fixture::chromium() else { return };
                crate::cases::$topic::$case(&chromium.browser).await;
                crate::machine::assert_clean(chromium.folder.path()).await;
            })+
        })+
    };
}

cases! {
    actions: a_click_is_a_real_one, a_double_click_is_one_event, hovering_opens_a_menu,
        a_click_waits_for_the_page_that_it_leads_to, chords_hold_their_keys_in_order,
        enter_sends_a_form_and_waits_for_the_answer;
    dialogs: a_dialog_while_a_page_loads, a_dialog_that_a_click_opens_is_dismissed,
        a_dialog_that_a_click_opens_is_accepted, a_page_that_wants_to_stay_is_left,
        dialogs_without_end_are_an_error_and_end;
    fields: text_is_typed_key_by_key_after_what_is_there,
        any_character_can_be_typed_but_no_key_code, a_long_text_arrives_whole,
        dates_colours_and_sliders_hold_what_is_typed, no_file_is_ever_uploaded,
        clearing_empties_a_field_as_a_person_does, options_are_chosen_by_label_or_value;
    navigation: a_page_that_does_not_come_is_an_error, the_status_of_a_page_is_told,
        an_answer_without_a_page_is_an_error, each_document_has_a_token_of_its_own,
        what_a_page_says_is_bounded, sessions_know_nothing_of_each_other;
    readiness: each_lack_is_told, what_comes_late_is_acted_upon_when_it_is_there,
        what_moves_is_clicked_when_it_stands_still,
        what_slips_away_at_the_last_moment_is_not_missed, sticky_headers_and_scrollers_are_scrolled_past,
        the_hit_test_sees_through_shadow_roots, a_label_stands_for_its_box_and_an_icon_for_its_button,
        behind_a_modal_dialog_nothing_is_typed, the_first_match_that_can_be_seen_is_meant;
    selectors: what_is_no_selector_of_elements_is_refused, text_is_what_is_rendered,
        names_in_the_page_do_not_get_in_the_way;
    trouble: a_handler_that_never_ends, a_script_that_never_ends_while_the_page_loads,
        a_server_that_never_answers, a_page_that_nobody_interrupts, an_xpath_that_never_ends,
        an_interruption_of_a_quiet_page_harms_nothing, a_page_without_frames_can_be_clicked,
        a_page_that_crashes;
    windows: a_new_tab_does_not_take_over, a_flood_of_windows_is_held_back;
}
