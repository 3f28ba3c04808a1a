//! Rule 11: the line in words.

use super::schedule;

#[test]
fn a_line_reads_as_plain_english() {
    let cases = [
        ("* * * * *", "Every minute"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("0,30 * * * *", "Every 30 minutes"),
        ("0 * * * *", "Every hour"),
        ("@hourly", "Every hour"),
        ("1 * * * *", "At 1 minute past every hour"),
        ("5 * * * *", "At 5 minutes past every hour"),
        ("0 */2 * * *", "Every 2 hours"),
        ("0 */12 * * *", "At 00:00 and 12:00 every day"),
        ("15 */6 * * *", "At 00:15, 06:15, 12:15 and 18:15 every day"),
        ("30 2 * * *", "At 02:30 every day"),
        ("@daily", "At 00:00 every day"),
        ("0 2,14 * * *", "At 02:00 and 14:00 every day"),
        ("0 9-17 * * 1-5", "Every hour from 09:00 through 17:00 on Monday through Friday"),
        (
            "*/15 9-17 * * mon-fri",
            "Every 15 minutes from 09:00 through 17:45 on Monday through Friday",
        ),
        ("* 2 * * *", "Every minute from 02:00 through 02:59 every day"),
        ("*/7 * * * *", "At every 7th minute from 0 through 56 past every hour"),
        ("5-59/15 * * * *", "At every 15th minute from 5 through 50 past every hour"),
        (
            "10-20 8,10,13 * * *",
            "At every minute from 10 through 20 past hours 8, 10 and 13 every day",
        ),
        (
            "1,2,3,7,9 */3 * * *",
            "At minutes 1 through 3, 7 and 9 past every 3rd hour from 0 through 21 every day",
        ),
        ("@weekly", "At 00:00 on Sunday"),
        ("0 0 * * 6,0", "At 00:00 on Sunday and Saturday"),
        ("0 0 * * */2", "At 00:00 on Sunday, Tuesday, Thursday and Saturday"),
        ("@monthly", "At 00:00 on day 1 of the month"),
        ("0 0 1,15 * *", "At 00:00 on days 1 and 15 of the month"),
        ("0 0 1,15 * 1", "At 00:00 on days 1 and 15 of the month and also on every Monday"),
        (
            "0 0 */2 * 1",
            "At 00:00 on every 2nd day of the month from 1 through 31, but only if that is a Monday",
        ),
        ("0 0 13 * */5", "At 00:00 on day 13 of the month, but only if that is a Sunday or Friday"),
        ("0 0 1-31 * 1", "At 00:00 every day"),
        ("@yearly", "At 00:00 on 1 January"),
        ("0 0 29 2 *", "At 00:00 on 29 February of leap years"),
        ("0 12 1 1,4,7,10 *", "At 12:00 on day 1 of the month in January, April, July and October"),
        ("*/5 * * 6-8 *", "Every 5 minutes every day in June through August"),
        ("0 0 1-7 * 1", "At 00:00 on days 1 through 7 of the month and also on every Monday"),
    ];
    for (line, words) in cases {
        assert_eq!(schedule(line, "UTC").describe(), words, "{line}");
    }
}

#[test]
fn words_about_every_combination_of_fields_tell_lines_apart() {
    let minutes = ["*", "0", "1", "30", "*/5", "*/7", "0,30", "1-59/2", "10-20", "1,2,9", "0,1"];
    let hours = ["*", "0", "9", "*/2", "*/5", "9-17", "8-18/2", "1,2,9", "0,12", "0,1"];
    let days = ["*", "1", "1-7", "*/2", "1,15", "29"];
    let months = ["*", "2", "1-3", "*/5", "1,2"];
    let weekdays = ["*", "1", "1-5", "*/3", "0,6"];
    let mut seen = std::collections::HashMap::new();
    for (minute, hour) in minutes.iter().flat_map(|m| hours.iter().map(move |h| (m, h))) {
        for (day, month) in days.iter().flat_map(|d| months.iter().map(move |m| (d, m))) {
            for weekday in weekdays {
                let line = format!("{minute} {hour} {day} {month} {weekday}");
                let words = schedule(&line, "UTC").describe();
                let other = seen.insert(words.clone(), line.clone());
                assert_eq!(other, None, "{line}: {words}");
            }
        }
    }
}
