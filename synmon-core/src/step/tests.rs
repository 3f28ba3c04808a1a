//! What is accepted as steps, what is refused and why, and what stores keep of them.

use proptest::prelude::*;

use super::{Action, ActionName, Gesture, RawStep, Selector, Step, parse_steps};
use crate::invalid::Invalid;

/// The steps of the seed, as they are sent.
const SEED: &str = include_str!("../../../synmon-testkit/fixtures/seed-steps.json");

/// One step of each kind, in the form that stores keep: a promise to every database there is.
const STORED: &str = concat!(
    r#"[{"number":1,"action":"click","selector_xpath":"//a"},{"number":2,"action":"double_click","selector_xpath":"//a"},{"number":3,"action":"hover","selector_xpath":"//a"},{"number":4,"action":"tapping","selector_xpath":"//input","content":"née"},{"number":5,"action":"clear","selector_xpath":"//input"},{"number":6,"action":"press","selector_xpath":"//input","content":"Control+A"},{"number":7,"action":"press","content":"Enter"},{"number":8,"action":"select","selector_xpath":"//select","content":"one"},{"number":9,"action":"navigate","content":"https://site.example/"},{"number":10,"action":"back"},{"number":11,"action":"reload"},{"number":12,"action":"wait_visible","selector_xpath":"//a"},{"number":13,"action":"wait_hidden","selector_xpath":"//a"},{"number":14,"action":"assert_visible","selector_xpath":"//a"},{"number":15,"action":"assert_hidden","selector_xpath":"//a"},{"number":16,"action":"assert_text","selector_xpath":"//a","content":"x"},{"number":17,"action":"assert_value","selector_xpath":"//a","content":"x","match":"contains"},{"number":18,"action":"assert_url","content":"/done"},{"number":19,"action":"assert_title","content":"Done","match":"equals"},{"number":20,"action":"click","selector_xpath":"//a","name":"the end","timeout_ms":60000},"#,
    r#"{"number":21,"action":"click","selector_xpath":"//a","selectors":["css=a","text=A"],"button":"right","count":3,"position":{"x":1,"y":2}},{"number":22,"action":"drag","selectors":["testid=card"],"target":["//ul"]},{"number":23,"action":"tapping","selector_xpath":"//a","content":"x","mode":"replace"},{"number":24,"action":"check","selector_xpath":"//a"},{"number":25,"action":"uncheck","selector_xpath":"//a"},{"number":26,"action":"scroll","distance":{"x":0,"y":500}},{"number":27,"action":"forward"},{"number":28,"action":"wait_text","content":"x"},{"number":29,"action":"wait_url","content":"^/a","match":"matches"},{"number":30,"action":"wait_time","content":"100"},{"number":31,"action":"assert_attribute","selector_xpath":"//a","content":"/x","attribute":"href"},{"number":32,"action":"assert_count","selector_xpath":"//a","content":">=3"},{"number":33,"action":"assert_no_console_errors"},{"number":34,"action":"assert_response_status","content":"2xx","url":"/api"},{"number":35,"action":"assert_request_made","content":"/api","method":"POST"},{"number":36,"action":"switch_frame","selector_xpath":"//iframe"},{"number":37,"action":"switch_frame","content":"parent"},{"number":38,"action":"switch_tab","content":"new"},{"number":39,"action":"close_tab"},{"number":40,"action":"dialog","content":"accept","text":"Ada"},{"number":41,"action":"set_cookie","content":"a=b; Path=/; Secure"},{"number":42,"action":"set_header","content":"X-Probe: 1"},{"number":43,"action":"set_viewport","content":"390x844"},{"number":44,"action":"extract","selector_xpath":"//a","variable":"order","pattern":"no. ([0-9]+)"},{"number":45,"action":"navigate","content":"https://site.example/{{ var.order }}"},{"number":46,"action":"screenshot","full_page":true},{"number":47,"action":"use_flow","content":"01890a5d-ac96-774b-bcce-b302099a8057"},{"number":48,"action":"click","selector_xpath":"//a","on_failure":"continue","always":true,"screenshot":"on_failure","mask":["css=.secret"],"retries":2}]"#
);

fn parse(json: &str) -> Result<Vec<Step>, Invalid> {
    parse_steps(&serde_json::from_str::<Vec<RawStep>>(json).unwrap())
}

fn stored(steps: &[Step]) -> String {
    let raw: Vec<RawStep> = steps.iter().map(RawStep::from).collect();
    serde_json::to_string(&raw).unwrap()
}

#[track_caller]
fn refused_fields(json: &str) -> Vec<String> {
    let invalid = parse(json).expect_err(json);
    assert!(invalid.errors().iter().all(|error| !error.message.is_empty()));
    let fields = invalid.errors().iter().map(|error| error.field.clone());
    fields.collect()
}

#[test]
fn the_steps_of_the_seed_are_accepted_verbatim_and_come_back_so() {
    let steps = parse(SEED).unwrap();
    assert_eq!(steps.len(), 4);
    let Action::Act { selector, gesture } = &steps[3].action else {
        panic!("{steps:?}");
    };
    assert_eq!(*gesture, Gesture::Type { text: "068888888".to_owned(), replace: false });
    assert!(selector.to_string().ends_with("span[3]/input"));
    let sent: serde_json::Value = serde_json::from_str(SEED).unwrap();
    let back: serde_json::Value = serde_json::from_str(&stored(&steps)).unwrap();
    assert_eq!(back, sent);
}

#[test]
fn what_stores_have_kept_is_read_and_written_as_ever() {
    let steps = parse(STORED).unwrap();
    assert_eq!(stored(&steps), STORED);
    for name in ActionName::ALL {
        let name = name.as_str();
        assert!(steps.iter().any(|step| step.written().action == name), "{name}");
    }
}

#[test]
fn an_action_needs_the_fields_that_are_said_to_be_needed() {
    let all: Vec<serde_json::Value> = serde_json::from_str(STORED).unwrap();
    // The last of a kind in the list has most fields.
    for name in ActionName::ALL {
        for field in name.spec().fields {
            let has = |step: &&serde_json::Value| {
                step["action"] == name.as_str() && step.get(*field).is_some()
            };
            let Some(step) = all.iter().rev().find(has) else {
                assert!(!name.needs(field), "{}: {field}", name.as_str());
                continue;
            };
            let mut step = step.clone();
            step["number"] = 1.into();
            step.as_object_mut().unwrap().remove(*field);
            let refused = parse(&serde_json::json!([step]).to_string())
                .err()
                .map(|invalid| invalid.errors()[0].field.clone());
            // Without an element, a wheel must be turned by something.
            let turns_nothing = *name == ActionName::Scroll && step.get("selector_xpath").is_none();
            let expected =
                (name.needs(field) || turns_nothing).then(|| format!("steps[0].{field}"));
            assert_eq!(refused, expected, "{}: {field}", name.as_str());
        }
    }
}

#[test]
fn what_goes_without_saying_may_be_said_all_the_same() {
    let said = r#"[{"number":1,"action":"assert_text","selector_xpath":"//a","content":"x","match":"contains"},
        {"number":2,"action":"assert_value","selector_xpath":"//a","content":"x","match":"equals"}]"#;
    assert_eq!(
        stored(&parse(said).unwrap()),
        r#"[{"number":1,"action":"assert_text","selector_xpath":"//a","content":"x"},{"number":2,"action":"assert_value","selector_xpath":"//a","content":"x"}]"#
    );
}

#[test]
fn type_is_another_name_for_tapping() {
    let steps =
        parse(r#"[{"number":1,"action":"type","selector_xpath":"//a","content":"x"}]"#).unwrap();
    assert!(stored(&steps).contains("tapping"));
}

#[test]
fn steps_are_sorted_by_their_numbers() {
    let steps =
        parse(r#"[{"number":2,"action":"back"},{"number":3,"action":"back"},{"number":1,"action":"reload"}]"#)
            .unwrap();
    assert_eq!(steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(steps[0].action, Action::Reload);
    assert_eq!(parse("[]").unwrap(), []);
}

#[test]
fn numbers_are_one_to_n_without_a_gap_or_a_repeat() {
    for (numbers, wrong) in [
        (vec![0], 0),
        (vec![2], 0),
        (vec![1, 3], 1),
        (vec![1, 1], 1),
        (vec![1, -1], 1),
        (vec![1, 2, i64::MAX], 2),
        (vec![i64::MIN], 0),
    ] {
        let raw: Vec<_> = numbers
            .iter()
            .map(|number| RawStep {
                number: *number,
                action: "back".to_owned(),
                ..RawStep::default()
            })
            .collect();
        let invalid = parse_steps(&raw).unwrap_err();
        assert_eq!(invalid.errors()[0].field, format!("steps[{wrong}].number"));
    }
}

#[test]
fn every_refusal_names_its_field() {
    let long = "x".repeat(10_001);
    let deep = format!("{}1{}", "(".repeat(65), ")".repeat(65));
    for (step, field) in [
        (r#""action":"launch""#.to_owned(), "action"),
        (r#""action":"""#.to_owned(), "action"),
        (r#""action":"click""#.to_owned(), "selector_xpath"),
        (r#""action":"click","selector_xpath":" ""#.to_owned(), "selector_xpath"),
        (r#""action":"click","selector_xpath":"//a[""#.to_owned(), "selector_xpath"),
        (r#""action":"click","selector_xpath":"//a[@x='y]""#.to_owned(), "selector_xpath"),
        (r#""action":"click","selector_xpath":"//a)""#.to_owned(), "selector_xpath"),
        (r#""action":"click","selector_xpath":"//a\u0000""#.to_owned(), "selector_xpath"),
        (format!(r#""action":"click","selector_xpath":"{}""#, &long[..2_001]), "selector_xpath"),
        (format!(r#""action":"click","selector_xpath":"{deep}""#), "selector_xpath"),
        (r#""action":"click","selector_xpath":"//a","content":"x""#.to_owned(), "content"),
        (r#""action":"click","selector_xpath":"//a","match":"equals""#.to_owned(), "match"),
        (r#""action":"tapping","selector_xpath":"//a""#.to_owned(), "content"),
        (r#""action":"tapping","selector_xpath":"//a","content":"\u0000""#.to_owned(), "content"),
        (r#""action":"tapping","selector_xpath":"//a","content":"\ue007""#.to_owned(), "content"),
        (format!(r#""action":"tapping","selector_xpath":"//a","content":"{long}""#), "content"),
        (r#""action":"press","content":"Entr""#.to_owned(), "content"),
        (r#""action":"press""#.to_owned(), "content"),
        (r#""action":"select","selector_xpath":"//a""#.to_owned(), "content"),
        (r#""action":"navigate","content":"javascript:alert(1)""#.to_owned(), "content"),
        (r#""action":"navigate","content":"/relative""#.to_owned(), "content"),
        (
            r#""action":"navigate","selector_xpath":"//a","content":"http://a.example/""#
                .to_owned(),
            "selector_xpath",
        ),
        (r#""action":"assert_text","selector_xpath":"//a","content":" ""#.to_owned(), "content"),
        (
            r#""action":"assert_text","selector_xpath":"//a","content":"x","match":"like""#
                .to_owned(),
            "match",
        ),
        (r#""action":"back","timeout_ms":99"#.to_owned(), "timeout_ms"),
        (r#""action":"back","timeout_ms":60001"#.to_owned(), "timeout_ms"),
        (r#""action":"back","timeout_ms":-1"#.to_owned(), "timeout_ms"),
        (format!(r#""action":"back","name":"{}""#, &long[..201]), "name"),
        (r#""action":"back","name":"a\u0000b""#.to_owned(), "name"),
    ] {
        let json = format!(r#"[{{"number":1,"action":"back"}},{{"number":2,{step}}}]"#);
        assert_eq!(refused_fields(&json), [format!("steps[1].{field}")], "{step}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let json = r#"[{"number":1,"action":"click","name":"\u0001","timeout_ms":1},
        {"number":1,"action":"clik","selector_xpath":"//a"}]"#;
    assert_eq!(
        refused_fields(json),
        [
            "steps[1].number",
            "steps[0].name",
            "steps[0].timeout_ms",
            "steps[0].selector_xpath",
            "steps[1].action",
        ]
    );
    assert!(parse(json).unwrap_err().to_string().contains("did you mean click"));
}

#[test]
fn a_hundred_steps_are_accepted_and_one_more_is_not() {
    let many = |count: i64| -> Vec<RawStep> {
        let step = |number| RawStep { number, action: "back".to_owned(), ..RawStep::default() };
        (1..=count).map(step).collect()
    };
    assert_eq!(parse_steps(&many(100)).unwrap().len(), 100);
    assert_eq!(parse_steps(&many(101)).unwrap_err().errors()[0].field, "steps");
}

#[test]
fn fields_that_are_empty_may_be_there() {
    let json = r#"[{"number":1,"action":"back","selector_xpath":"","content":"","name":" "}]"#;
    assert_eq!(stored(&parse(json).unwrap()), r#"[{"number":1,"action":"back"}]"#);
}

fn a_text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        any::<String>().prop_map(Some),
        prop::sample::select(vec!["//a", "Enter", "https://ä.example/ü?x", "//a[b='c']", " x "])
            .prop_map(|text| Some(text.to_owned())),
    ]
}

prop_compose! {
    fn a_raw_step()(
        action in prop::sample::select(ActionName::ALL.to_vec()),
        selector_xpath in a_text(),
        content in a_text(),
        how in prop::option::of(prop::sample::select(vec!["equals", "contains"])),
        name in a_text(),
        timeout_ms in prop::option::of(0_i64..70_000),
    ) -> RawStep {
        RawStep {
            number: 1,
            action: action.as_str().to_owned(),
            selector_xpath,
            content,
            how: how.map(str::to_owned),
            name,
            timeout_ms,
            ..RawStep::default()
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_can_be_stored_and_read_again(raw in a_raw_step()) {
        if let Ok(steps) = parse_steps(&[raw]) {
            prop_assert_eq!(parse(&stored(&steps)), Ok(steps));
        }
    }

    #[test]
    fn no_selector_however_odd_makes_the_check_panic(text in any::<String>()) {
        if let Ok(selector) = Selector::xpath(&text) {
            prop_assert_eq!(Selector::xpath(&selector.to_string()), Ok(selector));
        }
    }
}
