//! The house rules that a machine can check.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

const MAX_LINES: usize = 600;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files that belong to the project: git's where there is git, else all but what is built.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    if let Ok(output) = listed
        && output.status.success()
    {
        let names = String::from_utf8(output.stdout).unwrap();
        let names = names.split('\0').filter(|name| !name.is_empty());
        return names.map(|name| root().join(name)).filter(|path| path.is_file()).collect();
    }
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["target", ".git", "data"].contains(&name.as_str()) {
            walk(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(PathBuf, String)> {
    let paths = files().into_iter();
    let paths = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The packages of the workspace with what they depend on: names by kind.
fn packages() -> BTreeMap<String, Vec<(String, String)>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("normal").to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let dependencies = dependencies.map(|one| (text(&one["name"]), text(&one["kind"])));
            (text(&package["name"]), dependencies.collect())
        })
        .collect()
}

#[test]
fn dependencies_between_crates_point_one_way() {
    let allowed = BTreeMap::from([
        ("synmon-core", BTreeSet::new()),
        ("synmon-store", BTreeSet::from(["synmon-core"])),
        ("synmon-drivers", BTreeSet::from(["synmon-core"])),
        ("synmon-notify", BTreeSet::from(["synmon-core"])),
        ("synmon-testkit", BTreeSet::from(["synmon-core"])),
        (
            "synmon-server",
            BTreeSet::from(["synmon-core", "synmon-store", "synmon-drivers", "synmon-notify"]),
        ),
    ]);
    let packages = packages();
    for (name, allowed) in &allowed {
        let used: BTreeSet<_> = packages[*name]
            .iter()
            .filter(|(other, kind)| other.starts_with("synmon-") && kind == "normal")
            .map(|(other, _)| other.as_str())
            .collect();
        assert_eq!(used, *allowed, "{name}");
    }
    for (name, dependencies) in &packages {
        for (other, kind) in dependencies {
            let is_test_kit = other == "synmon-testkit";
            assert!(!is_test_kit || kind == "dev", "{name} ships with the test kit");
        }
    }
}

#[test]
fn each_backend_has_one_home() {
    let homes = [
        ("sqlx", "synmon-store"),
        ("object_store", "synmon-store"),
        ("thirtyfour", "synmon-drivers"),
        ("fantoccini", "synmon-drivers"),
        ("lettre", "synmon-notify"),
        ("poem", "synmon-server"),
        ("poem-openapi", "synmon-server"),
        ("jsonwebtoken", "synmon-server"),
        ("argon2", "synmon-server"),
    ];
    for (name, dependencies) in packages() {
        for (dependency, home) in homes {
            let uses =
                dependencies.iter().any(|(other, kind)| other == dependency && kind == "normal");
            assert!(!uses || name == home, "{name} uses {dependency}, which is {home}'s");
        }
    }
}

#[test]
fn every_source_file_says_what_it_is_and_is_not_too_long() {
    for (path, text) in sources() {
        let first = text.lines().next().unwrap_or_default();
        let shown = path.display();
        assert!(first.starts_with("//!") || first.starts_with("#![doc"), "{shown} has no doc");
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "{shown} has {lines} lines");
    }
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    // Written so that this file does not hold them.
    let words = ["todo", "dbg", "unimplemented"].map(|word| format!("{word}!("));
    // A test that another one starts as a process of its own, or a script by itself, says so.
    let ignore = ["#[", "ignore"].concat();
    let has_reason = ["it is started by another test", "scripts/chaos starts it"]
        .map(|reason| format!("{ignore} = \"{reason}\"]"));
    for (path, text) in sources() {
        let text = has_reason.iter().fold(text, |text, reason| text.replace(reason, ""));
        for word in words.iter().chain([&ignore]) {
            assert!(!text.contains(word.as_str()), "{} holds {word}", path.display());
        }
    }
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    let places = ["root", "home", "work"].map(|place| format!("/{place}/"));
    for path in files() {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        for place in &places {
            for (number, line) in text.lines().enumerate() {
                // Within an address or a path of the project it is another thing.
                let found = line.match_indices(place.as_str()).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|c| !c.is_alphanumeric() && !"._-/}*".contains(c))
                });
                assert!(!found, "{}:{} names {place}", path.display(), number + 1);
            }
        }
    }
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |dialect: &str| -> BTreeSet<String> {
        let folder = root().join("migrations").join(dialect);
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn every_crate_and_the_project_say_what_they_are() {
    for name in packages().keys() {
        let readme = root().join(name).join("README.md");
        assert!(readme.is_file(), "{} is missing", readme.display());
    }
    for name in ["README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"] {
        assert!(root().join(name).is_file(), "{name} is missing");
    }
}
