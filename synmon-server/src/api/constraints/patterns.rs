//! What texts consist of, as regular expressions that JavaScript, Python and Rust read alike. White
//! space is what any of them takes for it, and U+0085, which JavaScript does not.

use serde_json::{Value, json};
use synmon_core::{
    schedule::MAX_CHARACTERS,
    step::{MAX_VARIABLE_NAME_CHARS, Strategy},
};

/// What any text is: no store can hold U+0000.
pub(super) const STORABLE: &str = r"^[^\u0000]*$";
/// No control characters but tab and line feed.
pub(super) const TEXT: &str = r"^[^\u0000-\u0008\u000B-\u001F\u007F-\u009F]*$";
/// The same, without a colon.
pub(super) const TEXT_WITHOUT_COLON: &str = r"^[^:\u0000-\u0008\u000B-\u001F\u007F-\u009F]*$";
/// No control characters but those that are white space: it is taken off the ends, and may stand in
/// the braces of places.
pub(super) const TEXT_AND_BLANKS: &str =
    r"^[^\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F]*$";
/// One line, and white space around it, which is taken off.
pub(super) const LINE: &str =
    r"^[\s\u0085]*[^\u0000-\u0008\u000A-\u001F\u007F-\u009F]*[\s\u0085]*$";
/// The value of a header, and white space around it, which is taken off.
pub(super) const HEADER_VALUE: &str = r"^[\s\u0085]*[\t -~]*[\s\u0085]*$";
/// A cookie's name, and whatever comes after it.
pub(super) const COOKIE: &str =
    r"^[^=;\u0000-\u001F\u007F-\u009F]+=[^\u0000-\u001F\u007F-\u009F]*$";
/// A host, with or without `*.` before it.
pub(super) const BLOCKED_HOST: &str = r"^[\s\u0085]*(\*\.)*[A-Za-z0-9._-]+[\s\u0085]*$";
/// A language tag (BCP 47), as far as its form goes.
pub(super) const LOCALE: &str = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$";
/// A width and a height.
pub(super) const VIEWPORT: &str = r"^\W*[0-9]+\W*[x×]\W*[0-9]+\W*$";
/// The name of an attribute.
pub(super) const ATTRIBUTE: &str = r"^[^\u0000-\u0020\u007F-\u009F]*$";

/// The name of a variable or a secret.
pub(super) fn variable_name() -> String {
    format!("^[A-Za-z_][A-Za-z0-9_]{{0,{}}}$", MAX_VARIABLE_NAME_CHARS - 1)
}

/// How a way to find an element begins.
pub(super) fn way_to_find() -> String {
    let strategies: Vec<_> = Strategy::ALL.iter().map(|strategy| strategy.as_str()).collect();
    format!(r"^[\s\u0085]*([/(]|({})[\s\u0085]*=)", strategies.join("|"))
}

/// A crontab line: what it means is beyond any pattern.
pub(super) fn crontab_line() -> Value {
    json!({"minLength": 1, "maxLength": MAX_CHARACTERS, "pattern": r"^[\t\n\f\r -~]*$"})
}

/// The name of a time zone: which of them there are is IANA's to say.
pub(super) fn timezone() -> Value {
    json!({"pattern": "^[A-Za-z0-9_+/-]+$"})
}

#[cfg(test)]
mod tests {
    use regex::Regex;
    use synmon_core::{
        flow::RawSettings, schedule::Schedule, secret::SecretValue, step::parse_steps,
    };

    use super::*;

    /// What is odd somewhere: control characters, white space of all kinds, what patterns take
    /// apart, letters of other scripts.
    const ODD: &str = "\0\u{1}\t\n\u{b}\u{c}\r\u{1c}\u{1f} \u{7f}\u{85}\u{9f}\u{a0}\u{2028}\u{3000}\
        \u{feff}éß×x字😀0+-_.,;:=*/([{\"'\\%@";

    fn settings(setting: &Value) -> bool {
        let settings: RawSettings = serde_json::from_value(setting.clone()).unwrap();
        settings.parse().is_ok()
    }

    fn step(mut step: Value) -> bool {
        step["number"] = json!(1);
        parse_steps(&[serde_json::from_value(step).unwrap()]).is_ok()
    }

    /// No text that `accepts` takes is beyond the pattern, whatever stands before, in, behind or
    /// in the place of one that is good; some that it refuses are.
    fn check(pattern: &str, good: &str, accepts: impl Fn(&str) -> bool) {
        let regex = Regex::new(pattern).unwrap();
        let middle = good.char_indices().nth(good.chars().count() / 2).unwrap().0;
        let (before, after) = good.split_at(middle);
        assert!(accepts(good), "{good}");
        let mut beyond = 0;
        for odd in ODD.chars() {
            for text in [
                format!("{odd}{good}"),
                format!("{before}{odd}{after}"),
                format!("{good}{odd}"),
                format!("{odd}{good}{odd}"),
                odd.to_string(),
            ] {
                let (accepted, matched) = (accepts(&text), regex.is_match(&text));
                assert!(matched || !accepted, "{pattern} is too narrow for {text:?}");
                beyond += usize::from(!matched);
            }
        }
        assert!(beyond > 0, "{pattern} excludes nothing");
    }

    #[test]
    fn no_pattern_excludes_what_is_accepted() {
        let name = variable_name();
        let variable =
            |text: &str| step(json!({"action": "extract", "content": "url", "variable": text}));
        check(&name, "a_1", variable);
        check(&name, &"a".repeat(MAX_VARIABLE_NAME_CHARS), variable);
        check(TEXT, "some text", |text| settings(&json!({"variables": {"a": text}})));
        check(TEXT, "secret", |text| SecretValue::parse("value", text.to_owned()).is_ok());
        check(TEXT_WITHOUT_COLON, "ann", |text| {
            settings(&json!({"basic_auth": {"username": text, "password": ""}}))
        });
        check(TEXT_AND_BLANKS, "//a[{{ now }}]", |text| {
            step(json!({"action": "click", "selector_xpath": text}))
        });
        for good in ["some text", "{{ now }}"] {
            check(TEXT_AND_BLANKS, good, |text| {
                let content = json!({"action": "assert_title", "content": text, "match": "equals"});
                step(content) && step(json!({"action": "back", "name": text}))
            });
        }
        check(LINE, "On call", |text| synmon_core::Name::parse(text).is_ok());
        check(HEADER_VALUE, "a b", |text| settings(&json!({"headers": {"x": text}})));
        check(HEADER_VALUE, "a b", |text| settings(&json!({"user_agent": text})));
        check(COOKIE, "a=b; Path=/", |text| settings(&json!({"cookies": [text]})));
        for good in ["stats.example.com", "*.example.com"] {
            check(BLOCKED_HOST, good, |text| settings(&json!({"block_hosts": [text]})));
        }
        check(LOCALE, "de-DE", |text| settings(&json!({"locale": text})));
        check(VIEWPORT, "1280x720", |text| settings(&json!({"viewport": text})));
        check(ATTRIBUTE, "data-x", |text| {
            let ways = ["//a"];
            step(
                json!({"action": "extract", "selectors": ways, "attribute": text, "variable": "a"}),
            )
        });
        for good in ["css=a", "//a", "(//a)[1]", "text = A"] {
            check(&way_to_find(), good, |text| {
                step(json!({"action": "click", "selectors": [text]}))
            });
        }
        let pattern = |constraint: Value| constraint["pattern"].as_str().unwrap().to_owned();
        check(&pattern(crontab_line()), "0 9 * * 1-5", |text| Schedule::parse(text, "UTC").is_ok());
        for good in ["Europe/Berlin", "Etc/GMT+1", "America/Port-au-Prince", "W-SU"] {
            check(&pattern(timezone()), good, |text| settings(&json!({"browser_timezone": text})));
        }
    }
}
