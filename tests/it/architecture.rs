//! Reads the sources: who imports whom, how long files are, and whether `docs/architecture.md` still tells the truth about both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

/// No source file may be longer; the entries of word lists (a line with nothing but a string) are not counted.
const MAX_LINES: usize = 600;

/// What each area may import of ours, besides its own top-level module. An area is a top-level module, or one of [`PARTS`] of it; naming a
/// module does not allow its parts. The table in `docs/architecture.md` repeats this one.
const IMPORTS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("telemetry", &["domain"]),
    ("rt", &["telemetry"]),
    ("config", &["domain"]),
    ("text", &["domain"]),
    // The ports say what is needed, in words of the domain only.
    ("embed", &["domain"]),
    ("index", &["domain"]),
    ("store", &["domain"]),
    // Adapters and engines.
    ("embed::candle", &["domain", "text", "rt", "telemetry"]),
    ("embed::fake", &["domain", "text"]),
    ("embed::queue", &["domain", "rt", "telemetry"]),
    ("index::edge", &["domain", "rt", "telemetry"]),
    ("index::exact", &["domain"]),
    ("index::server", &["domain", "rt", "telemetry"]),
    ("store::cipher", &["domain"]),
    ("store::postgres", &["domain", "rt", "telemetry"]),
    ("store::sql", &["domain"]),
    ("store::sqlite", &["domain", "rt", "telemetry"]),
    ("ingest", &["domain", "text"]),
    ("mining", &["domain", "text", "retrieve"]),
    ("retrieve", &["domain", "text", "embed", "index"]),
    ("suggest", &["domain", "text", "embed", "index", "store", "retrieve", "telemetry"]),
    ("adapt", &["domain", "text", "index", "store", "retrieve", "suggest", "rt"]),
    ("insight", &["domain", "text", "embed", "index", "store", "mining", "retrieve", "suggest", "rt"]),
    ("curation", &["domain", "text", "index", "store", "mining", "retrieve", "suggest", "rt"]),
    ("knowledge", &["domain", "text", "embed", "index", "store", "ingest", "retrieve", "suggest", "rt"]),
    ("live", &["domain", "text", "embed", "store", "suggest", "jobs", "rt"]),
    ("auth", &["domain", "store", "rt"]),
    (
        "jobs",
        &[
            "domain",
            "text",
            "embed",
            "index",
            "store",
            "ingest",
            "mining",
            "retrieve",
            "suggest",
            "adapt",
            "curation",
            "insight",
            "rt",
            "telemetry",
        ],
    ),
    // Measures the product as it is, so it drives the import and suggest use cases.
    (
        "eval",
        &[
            "domain",
            "text",
            "embed",
            "index",
            "store",
            "ingest",
            "mining",
            "retrieve",
            "suggest",
            "adapt",
            "curation",
            "insight",
            "jobs",
            "rt",
            "telemetry",
        ],
    ),
    // What a run found; the console shows it.
    ("eval::report", &["domain", "rt", "telemetry"]),
    // Ports, never adapters.
    (
        "http",
        &[
            "domain",
            "text",
            "embed",
            "index",
            "store",
            "ingest",
            "suggest",
            "curation",
            "insight",
            "knowledge",
            "live",
            "jobs",
            "eval::report",
            "auth",
            "telemetry",
        ],
    ),
    // `eval` shares one encoder over many throw-away installations: the one reason why the command line knows the queue.
    (
        "cli",
        &[
            "domain",
            "config",
            "app",
            "curation",
            "embed",
            "embed::queue",
            "eval",
            "eval::report",
            "http",
            "ingest",
            "insight",
            "jobs",
            "knowledge",
            "suggest",
            "telemetry",
        ],
    ),
    ("main", &["cli"]),
    // The composition root: everything (not checked).
    ("app", &[]),
];

/// Parts of modules with rules of their own: adapters and engines behind a port.
const PARTS: &[(&str, &str)] = &[
    ("embed", "candle"),
    ("embed", "fake"),
    ("embed", "queue"),
    ("eval", "report"),
    ("index", "edge"),
    ("index", "exact"),
    ("index", "server"),
    ("store", "cipher"),
    ("store", "postgres"),
    ("store", "sql"),
    ("store", "sqlite"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for item in fs_err::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// `store/sqlite/pair.rs` → `["store", "sqlite", "pair"]`; `store/mod.rs` → `["store"]`.
fn module_path(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut path: Vec<String> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if path.last().is_some_and(|last| last == "mod" || last == "lib") {
        path.pop();
    }
    path
}

/// The area of a module, or of the first two names of an import path.
fn area(module: &str, part: Option<&str>) -> String {
    match part {
        Some(part) if PARTS.contains(&(module, part)) => format!("{module}::{part}"),
        _ => module.to_owned(),
    }
}

/// Modules that exist for tests only, by the line that declares them.
fn test_modules(files: &[PathBuf]) -> BTreeSet<Vec<String>> {
    let declaration = Regex::new(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;").unwrap();
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs_err::read_to_string(file).unwrap();
        for declared in declaration.captures_iter(&text) {
            let mut path = module_path(file);
            path.push(declared[1].to_owned());
            found.insert(path);
        }
    }
    found
}

/// The code that ships: without comments and without the test module at the end.
fn shipped(text: &str) -> String {
    let tests = Regex::new(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?mod\s+\w+\s*\{").unwrap();
    let code = tests.find(text).map_or(text, |tests| &text[..tests.start()]);
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Everything that is named behind `crate::` (or `riposte::` in the program), as module and, where there is one, the next name.
fn imported(code: &str) -> Vec<(String, Option<String>)> {
    let path = Regex::new(r"\b(?:crate|riposte)::(?:(\w+)(?:::(\w+))?|\{([^}]*)\})").unwrap();
    let mut found = Vec::new();
    for import in path.captures_iter(code) {
        if let Some(group) = import.get(3) {
            for item in group.as_str().split(',').map(str::trim).filter(|item| !item.is_empty()) {
                let mut names = item.split("::");
                found.push((names.next().unwrap_or_default().to_owned(), names.next().map(str::to_owned)));
            }
        } else {
            found.push((import[1].to_owned(), import.get(2).map(|name| name.as_str().to_owned())));
        }
    }
    found
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let files = sources(&root().join("src"));
    let for_tests = test_modules(&files);
    let allowed: BTreeMap<&str, &[&str]> = IMPORTS.iter().copied().collect();
    let mut faults = Vec::new();
    for file in &files {
        let path = module_path(file);
        let Some(module) = path.first() else { continue };
        if (1..=path.len()).any(|length| for_tests.contains(&path[..length])) || module == "app" {
            continue;
        }
        let from = area(module, path.get(1).map(String::as_str));
        let Some(allowed) = allowed.get(from.as_str()) else {
            faults.push(format!("{from} has no line in the table of imports"));
            continue;
        };
        for (target, part) in imported(&shipped(&fs_err::read_to_string(file).unwrap())) {
            let to = area(&target, part.as_deref());
            if target != *module && !allowed.contains(&to.as_str()) {
                faults.push(format!("{}: {from} must not import {to}", file.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    faults.dedup();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_source_file_is_too_long() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for file in sources(&root().join(folder)) {
            let word = |line: &&str| line.trim_start().starts_with('"') && line.ends_with("\",") && !line.contains("=>");
            let lines = fs_err::read_to_string(&file).unwrap().lines().filter(|line| !word(line)).count();
            if lines > MAX_LINES {
                long.push(format!("{} has {lines} lines", file.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(long.is_empty(), "split by purpose (limit {MAX_LINES}):\n{}", long.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let files = sources(&root().join("src"));
    let for_tests = test_modules(&files);
    for file in files.iter().filter(|file| !for_tests.contains(&module_path(file))) {
        let text = fs_err::read_to_string(file).unwrap();
        assert!(text.starts_with("//!"), "{} does not begin with `//!`", file.display());
    }
}

#[test]
fn the_architecture_page_names_the_modules_there_are() {
    let page = fs_err::read_to_string(root().join("docs/architecture.md")).unwrap();
    let named: BTreeSet<String> =
        Regex::new(r"`src/([\w/]+)(?:\.rs)?`").unwrap().captures_iter(&page).map(|name| name[1].trim_end_matches('/').to_owned()).collect();
    let modules: BTreeSet<String> = sources(&root().join("src")).iter().filter_map(|file| module_path(file).first().cloned()).collect();
    for module in &modules {
        assert!(named.contains(module), "docs/architecture.md does not name `src/{module}`");
    }
    for name in &named {
        let (folder, file) = (root().join("src").join(name), root().join("src").join(name).with_extension("rs"));
        assert!(folder.is_dir() || file.is_file(), "docs/architecture.md names `src/{name}`, which is not there");
    }
}

#[test]
fn the_architecture_page_repeats_the_table_of_imports() {
    let page = fs_err::read_to_string(root().join("docs/architecture.md")).unwrap();
    let table = page.split("<!-- imports -->").nth(1).expect("the table stands between two `<!-- imports -->` lines");
    let names = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut written: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').collect();
        for module in names(cells[1]) {
            written.insert(module, names(cells[2]).into_iter().collect());
        }
    }
    let expected: BTreeMap<String, BTreeSet<String>> =
        IMPORTS.iter().map(|(module, allowed)| ((*module).to_owned(), allowed.iter().map(|&name| name.to_owned()).collect())).collect();
    assert_eq!(written, expected);
}
