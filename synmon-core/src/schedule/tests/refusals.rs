//! Rules 4 and 5: what is refused, and with which words.

use super::{refusal, schedule};
use crate::schedule::ScheduleError;

/// Each line with what its message must hold.
fn assert_refused(cases: &[(&str, &str)]) {
    for (line, words) in cases {
        let error = refusal(line);
        assert_eq!(error.field(), "scheduling", "{line:?}");
        assert!(error.to_string().contains(words), "{line:?}: {error}");
    }
}

#[test]
fn other_numbers_of_fields_are_refused() {
    assert_refused(&[
        ("", "empty"),
        (" \t ", "empty"),
        ("* * * *", "five fields (minute, hour, day of month, month, day of week), this one has 4"),
        ("* * * * * *", "seconds and years are not supported: drop the first field, `*`"),
        ("30 0 12 * * *", "seconds and years are not supported: drop the first field, `30`"),
        ("0 12 * * * 2025", "seconds and years are not supported: drop the last field, `2025`"),
        (
            "0 0 12 * * ? 2025",
            "seconds and years are not supported: drop the first field, `0`, and the last, `2025`",
        ),
        ("* * * * * * * *", "has 8"),
        ("*****", "has 1"),
    ]);
}

#[test]
fn a_step_on_a_single_value_is_refused() {
    assert_refused(&[
        ("5/15 * * * *", "`5/15` in the minute field has a step on a single value: write 5-59/15"),
        ("0 2/3 * * *", "write 2-23/3"),
        ("0 0 1/2 * *", "write 1-31/2"),
        ("0 0 * jan/3 *", "write 1-12/3"),
        ("0 0 * * mon/2", "write 1-6/2"),
        ("0 0 * * 7/2", "write 7-7/2"),
    ]);
}

#[test]
fn a_range_that_wraps_around_is_refused() {
    assert_refused(&[
        ("0 22-2 * * *", "`22-2` in the hour field wraps around: write 22-23,0-2"),
        ("50-10 * * * *", "write 50-59,0-10"),
        ("0 23-0 * * *", "write 23,0"),
        ("0 22-4/2 * * *", "write 22,0,2,4"),
        ("50-49/2 * * * *", "two ranges"),
        ("0 0 28-3 * *", "write 28-31,1-3"),
        ("0 0 * nov-feb *", "write nov-dec,jan-feb"),
        ("0 0 * * sat-sun", "`sat-sun` in the day-of-week field wraps around: write sat,sun"),
        ("0 0 * * mon-sun", "write mon-sat,sun"),
        ("0 0 * * FRI-mon", "write fri-sat,sun-mon"),
        ("0 0 * * 6-0", "write 6,0"),
        ("0 0 * * 7-2", "write 0-2"),
        ("0 0 * * 7-2/2", "write 0,2"),
    ]);
}

#[test]
fn the_remedy_of_every_refused_range_or_step_is_itself_accepted() {
    let lines = ["5/15 * * * *", "0 22-2 * * *", "0 22-4/2 * * *", "0 0 * nov-feb *"];
    let more = ["0 0 * * sat-sun", "0 0 * * 7-2", "0 0 * * 7/2", "1,,2 * * * *", "/5 * * * *"];
    for line in lines.into_iter().chain(more) {
        let ScheduleError::Item { problem, .. } = refusal(line) else { panic!("{line}") };
        let (_, remedy) = problem.rsplit_once("write ").expect("a remedy");
        let token = line.split(' ').find(|t| !["0", "*"].contains(t)).expect("a token");
        schedule(&line.replace(token, remedy), "UTC");
    }
}

#[test]
fn numbers_and_steps_out_of_range_are_refused() {
    assert_refused(&[
        ("60 * * * *", "`60` in the minute field is out of range: write 0 to 59"),
        ("* 24 * * *", "write 0 to 23"),
        ("* * 0 * *", "write 1 to 31"),
        ("* * 32 * *", "`32` in the day-of-month field"),
        ("* * * 0 *", "write 1 to 12"),
        ("* * * 13 *", "`13` in the month field"),
        ("* * * * 8", "write 0 to 7"),
        ("0-99999999 * * * *", "out of range"),
        ("99999999999999999999 * * * *", "out of range"),
        ("*/0 * * * *", "`*/0` in the minute field has a step out of range: write 1 to 59"),
        ("*/60 * * * *", "write 1 to 59"),
        ("* */24 * * *", "write 1 to 23"),
        ("* * * * */8", "write 1 to 7"),
        ("1-5/00 * * * *", "step out of range"),
        ("*/99999999999999999999 * * * *", "step out of range"),
    ]);
}

#[test]
fn items_without_a_value_are_refused() {
    assert_refused(&[
        ("1,,2 * * * *", "`1,,2` in the minute field has an empty item: write 1,2"),
        (",1 * * * *", "write 1"),
        ("1, * * * *", "write 1"),
        (", * * * *", "write *"),
        ("1- * * * *", "`1-` in the minute field is not a range: write both ends, such as 0-59"),
        ("-5 * * * *", "not a range"),
        ("1-2-3 * * * *", "not a range"),
        ("1--3 * * * *", "not a range"),
        ("/15 * * * *", "write */15"),
        ("*/ * * * *", "no number as its step"),
        ("*/x * * * *", "no number as its step"),
        ("*/-5 * * * *", "no number as its step"),
        ("*/5/5 * * * *", "no number as its step"),
        ("*/+5 * * * *", "no number as its step"),
        ("+5 * * * *", "not a value: write 0 to 59"),
        ("1.5 * * * *", "not a value"),
        ("** * * * *", "not a value"),
        ("*5 * * * *", "not a value"),
        ("*-5 * * * *", "not a value"),
        ("0x10 * * * *", "not a value"),
    ]);
}

#[test]
fn the_signs_of_other_crons_are_refused() {
    assert_refused(&[
        ("0 0 L * *", "`L` in the day-of-month field uses L, which is not supported"),
        ("0 0 L-3 * *", "uses L"),
        ("0 0 * * 5L", "uses L"),
        ("0 0 LW * *", "which is not supported"),
        ("0 0 15W * *", "uses W"),
        ("0 0 * * 1#2", "uses #"),
        ("0 0 * * MON#1", "uses #"),
        ("0 0 ? * *", "uses ?, which is not supported: write *"),
        ("H * * * *", "uses H"),
        ("H/15 * * * *", "uses H"),
        ("H(0-29)/10 * * * *", "uses H"),
        ("0~30 * * * *", "uses ~"),
        ("$ * * * *", "uses $"),
        ("0 0 * * +1", "not a value"),
    ]);
}

#[test]
fn names_must_be_short_and_in_their_field() {
    assert_refused(&[
        ("0 0 * * monday", "`monday` in the day-of-week field is not a short name: write mon"),
        ("0 0 * * Thursday", "write thu"),
        ("0 0 * January *", "write jan"),
        ("0 0 * mon *", "is a name of the day-of-week field"),
        ("0 0 * * jan", "is a name of the month field"),
        ("mon * * * *", "is a name of the day-of-week field"),
        ("0 0 * * foo", "is not a value: write 0 to 7, or sun to sat"),
    ]);
}

#[test]
fn other_words_with_an_at_sign_are_refused() {
    assert_refused(&[
        ("@reboot", "`@reboot` is not supported: write five fields, or one of @hourly"),
        ("@every 5m", "`@every` is not supported: write a step, such as */5 * * * *"),
        ("@", "`@` is not supported"),
        ("@dailyx", "`@dailyx` is not supported"),
        ("@daily @daily", "`@daily` is not supported: it must stand alone"),
        ("* * * * @daily", "not a value"),
    ]);
}

#[test]
fn characters_outside_ascii_and_control_characters_are_refused() {
    assert_refused(&[
        ("٣ * * * *", "`٣` (U+0663) is not allowed"),
        ("１ * * * *", "(U+FF11)"),
        ("0 0 * * *\0", r"`\0` (U+0000)"),
        ("0\u{a0}0 * * *", "(U+00A0)"),
        ("0 0 * * \u{1b}[31m", r"`\u{1b}` (U+001B)"),
        ("0 0 * * *\u{b}", "(U+000B)"),
        ("–5 * * * *", "(U+2013)"),
    ]);
}

#[test]
fn a_message_repeats_user_text_cut_and_escaped() {
    let long = format!("{} * * * *", "9".repeat(100));
    let message = refusal(&long).to_string();
    assert!(message.contains(&format!("`{}…`", "9".repeat(39))), "{message}");
    let zone = "\u{202e}\n\t".repeat(50);
    let message = crate::schedule::Schedule::parse("@daily", &zone).expect_err("zone").to_string();
    assert!(message.chars().count() < 130 && !message.contains(char::is_control), "{message}");
    assert!(!message.contains('\u{202e}'));
}

#[test]
fn a_line_that_never_fires_is_refused() {
    for line in [
        "0 0 31 2 *",
        "0 0 30 2 *",
        "0 0 30-31 2 *",
        "0 0 31 4,6,9,11 *",
        "0 0 31 2,4,6,9,11 *",
        "0 0 31 feb */2",
        "0 0 31 2 */7",
    ] {
        assert_eq!(refusal(line), ScheduleError::NeverFires, "{line}");
    }
}

#[test]
fn a_line_that_fires_seldom_is_accepted() {
    for line in ["0 0 29 2 *", "0 0 31 2,3 *", "0 0 30,29 2 *", "0 0 29 2 */7", "0 0 31 2 1"] {
        schedule(line, "UTC");
    }
}
