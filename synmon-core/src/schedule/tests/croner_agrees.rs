//! Where croner follows the same rules, its search and ours agree.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};

use super::{at, schedule};

#[test]
fn single_times_and_stars_fire_as_the_search_of_croner_finds() {
    let lines = ["30 2 * * *", "0 0 * * 1-5", "*/5 * * * *", "*/30 2 * * *", "0 12 1,15 * 1"];
    let zones = ["UTC", "America/New_York", "Australia/Lord_Howe", "America/Santiago"];
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    for line in lines {
        let cron = parser.parse(line).expect(line);
        for zone in zones {
            let timezone: Tz = zone.parse().expect(zone);
            let from = at("2025-01-01T00:00:00Z");
            let theirs: Vec<DateTime<Utc>> = cron
                .iter_after(from.with_timezone(&timezone))
                .take(600)
                .map(|t| t.to_utc())
                .collect();
            assert_eq!(schedule(line, zone).upcoming(from, 600), theirs, "{line} in {zone}");
        }
    }
}
