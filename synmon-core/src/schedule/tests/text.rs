//! Rules 1, 2 and 6: what is read.

use chrono::{DateTime, Utc};
use std::time::{Duration, Instant};

use super::{at, refusal, schedule};
use crate::schedule::Schedule;

fn firings(line: &str) -> Vec<DateTime<Utc>> {
    schedule(line, "UTC").upcoming(at("2025-01-01T00:00:00Z"), 200)
}

#[test]
fn white_space_is_folded_and_case_is_kept() {
    let line = schedule(" \t*/5   9-17\t* * MON-Fri \r\n", "UTC");
    assert_eq!(line.line(), "*/5 9-17 * * MON-Fri");
    assert_eq!(schedule("  @DAILY ", "UTC").line(), "@DAILY");
}

#[test]
fn a_nickname_means_its_five_fields_in_any_case() {
    let pairs = [
        ("@hourly", "0 * * * *"),
        ("@Daily", "0 0 * * *"),
        ("@MIDNIGHT", "0 0 * * *"),
        ("@weekly", "0 0 * * sun"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
    ];
    for (nickname, line) in pairs {
        assert_eq!(firings(nickname), firings(line), "{nickname}");
    }
}

#[test]
fn names_numbers_and_both_sundays_mean_the_same() {
    let pairs = [
        ("0 0 * jan-MAR,dec mon-fri", "0 0 * 1-3,12 1-5"),
        ("0 0 * * 7", "0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("0 0 * * Sun-tue", "0 0 * * 0-2"),
        ("0 0 * * mon-fri/2", "0 0 * * 1,3,5"),
        ("0 0 * * */7", "0 0 * * 0"),
        ("0 0 * * 0-7", "0 0 * * *"),
        ("00 007 01 1 *", "0 7 1 1 *"),
        ("5-59/15 * * * *", "5,20,35,50 * * * *"),
        ("*/20,7 * * * *", "0,7,20,40 * * * *"),
        ("10-20/30 * * * *", "10 * * * *"),
        ("*/59 * * * *", "0,59 * * * *"),
        ("1-5,3-8 * * * *", "1-8 * * * *"),
        ("22-22 * * * *", "22 * * * *"),
    ];
    for (one, other) in pairs {
        assert_eq!(firings(one), firings(other), "{one}");
    }
}

#[test]
fn schedules_are_equal_by_text_and_zone() {
    assert_eq!(schedule("0 0 * *  *", "UTC"), schedule(" 0 0 * * *", "UTC"));
    assert_ne!(schedule("0 0 * * *", "UTC"), schedule("@daily", "UTC"));
    assert_ne!(schedule("0 0 * * *", "UTC"), schedule("0 0 * * *", "Europe/Berlin"));
}

#[test]
fn at_most_128_characters_are_read() {
    let longest = format!("{}0 0 * * *", "0".repeat(119));
    assert_eq!(longest.len(), 128);
    assert_eq!(schedule(&longest, "UTC").line(), longest);
    assert!(refusal(&format!("0{longest}")).to_string().contains("128 characters"));
}

#[test]
fn a_zone_has_an_iana_name() {
    for name in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "GMT"] {
        let schedule = schedule("0 0 * * *", name);
        assert_eq!(schedule.timezone_name(), name);
        assert_eq!(schedule.timezone().name(), name);
    }
}

#[test]
fn an_unknown_zone_and_a_fixed_offset_are_refused() {
    let cases = [
        ("+02:00", "`+02:00` is a fixed offset: write an IANA time zone"),
        ("-0500", "is a fixed offset"),
        ("UTC+2", "is a fixed offset"),
        ("GMT-3:30", "is a fixed offset"),
        ("", "`` is not a time zone: write an IANA name, such as Europe/Berlin, or UTC"),
        ("Europe/Bonn", "`Europe/Bonn` is not a time zone"),
        ("europe/berlin", "`europe/berlin` is not a time zone: write Europe/Berlin"),
        (" UTC", "write UTC"),
        ("Europe/Ber\0lin", r"`Europe/Ber\0lin` is not"),
        ("../../etc/passwd", "is not a time zone"),
        ("²+3", "is not a time zone"),
    ];
    for (zone, message) in cases {
        let error = Schedule::parse("0 0 * * *", zone).expect_err(zone);
        assert_eq!(error.field(), "timezone", "{zone}");
        assert!(error.to_string().contains(message), "{zone}: {error}");
    }
}

#[test]
fn every_text_is_answered_at_once() {
    let mut texts = [
        "0 0 31 2 *",
        "0 0 29 2 */7",
        "* * * * *",
        "20000000000000000000 * * * *",
        "0-99999999 * * * *",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend(["1".repeat(10_000), ",".repeat(128), "* ".repeat(64), "*/".repeat(64)]);
    texts.extend(["\u{0}".repeat(128), "٣ * * * *".to_owned(), " ".repeat(10_000_000)]);
    texts.push(format!("{} * * * *", "0-59,".repeat(23) + "0-59"));
    for text in texts {
        let took = |_| {
            let start = Instant::now();
            drop(std::hint::black_box(Schedule::parse(&text, "Europe/Berlin")));
            start.elapsed()
        };
        // The best of several tries: other tests keep the machine busy meanwhile.
        let best = (0..20).map(took).min().unwrap_or_default();
        let shown: String = text.chars().take(30).collect();
        assert!(best < Duration::from_millis(1), "{shown:?} took {best:?}");
    }
}
