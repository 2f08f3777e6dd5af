//! The reader against texts that are easy to get wrong. A found text is checked by its bytes in the source.

use super::{Kind, Node, Parsed, block, compose, json, parse, read};
use crate::source::FileId;

const FILE: FileId = FileId(0);

fn root(text: &str) -> Node {
    let parsed = parse(FILE, text);
    assert_eq!(parsed.faults, [], "{text}");
    parsed.root.expect("the text holds a document")
}

/// Each needle, found in the decoded scalar at `path`, must stand in the source as `expected`.
fn stands_as(text: &str, path: &[&str], needles: &[(&str, &str)]) {
    let root = root(text);
    let node = root.at(path).expect("the path exists");
    let decoded = node.as_str().expect("the node is a text");
    for (needle, expected) in needles {
        let at = decoded.find(needle).unwrap_or_else(|| panic!("`{needle}` is not in {decoded:?}"));
        assert_eq!(&text[node.span_of(at..at + needle.len()).range()], *expected, "{decoded:?}");
    }
}

#[test]
fn keys_are_what_is_written() {
    let root = root("on: {push: }\n'yes': no\n\"a\\u0062\": ~\n3.10: x\n");
    let keys: Vec<&str> = root.entries().iter().map(|entry| &*entry.key).collect();
    assert_eq!(keys, ["on", "yes", "ab", "3.10"]);
    assert_eq!(root.get("yes").and_then(Node::as_str), Some("no"));
    assert!(root.at(&["on", "push"]).is_some_and(Node::is_null));
}

#[test]
fn scalars_follow_the_core_schema() {
    let root = root("[yes, 1e3, 0o7, ~, 3.10, 1.2.3, 0x, 1_0, .5, True, !!str 12, '12']");
    let shapes: Vec<String> = root.items().iter().map(shape).collect();
    assert_eq!(
        shapes,
        ["'yes'", "1e3", "0o7", "null", "3.10", "'1.2.3'", "'0x'", "'1_0'", ".5", "true", "'12'", "'12'"]
    );
}

fn shape(node: &Node) -> String {
    match node.kind() {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(text) => text.to_string(),
        Kind::Text(scalar) => format!("'{}'", scalar.as_str()),
        Kind::List(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let entries = entries.iter().map(|entry| format!("{}: {}", entry.key, shape(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Kind::Unread(reason) => format!("?{reason}"),
    }
}

#[test]
fn decoded_text_knows_its_source() {
    stands_as("run: echo é ${{ x }}", &["run"], &[("${{ x }}", "${{ x }}")]);
    stands_as("run: 'a ''b'' c'", &["run"], &[("'b'", "''b''"), ("c", "c"), (" 'b", " ''b")]);
    stands_as(r#"run: "a\n\u00e9 \x62\\ z""#, &["run"], &[("é", r"\u00e9"), ("b", r"\x62"), ("z", "z"), ("\n", r"\n")]);
    stands_as(
        "run: one\n  two\n\n  three\n",
        &["run"],
        &[("two", "two"), ("three", "three"), ("one two", "one\n  two")],
    );
    stands_as("run: \"one\n  two \\\n  three\"\n", &["run"], &[("two", "two"), ("three", "three")]);
}

#[test]
fn blocks_know_their_source() {
    stands_as(
        "a:\n  run: |\n    echo 1\n      deep\n\n    é end\n",
        &["a", "run"],
        &[("deep", "deep"), ("end", "end"), ("1\n  d", "1\n      d")],
    );
    stands_as(
        "run: >-\n  one\n  two\n\n  three\n    more\n  four\n",
        &["run"],
        &[("two", "two"), ("three", "three"), ("more", "more"), ("four", "four")],
    );
    stands_as("run: |2\r\n    x\r\n  y\r\n", &["run"], &[("y", "y"), ("  x", "  x")]);
    stands_as("run: | # why\n  x\n", &["run"], &[("x", "x")]);
}

#[test]
fn aliases_share_and_bombs_do_not_expand() {
    let root = root("a: &x {k: 1}\nb: *x\n");
    let alias = root.get("b").expect("b is there");
    assert!(alias.is_alias() && !root.get("a").is_none_or(Node::is_alias));
    assert_eq!(shape(alias), "{k: 1}");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let inner = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    let parsed = parse(FILE, &bomb);
    assert!(parsed.faults.iter().any(|fault| fault.reason == "alias-limit"));
    assert!(count(&parsed) < 400_000);
    assert_eq!(reasons(&parse(FILE, "a: [*no, 1]\nb: 2\n")), ["unknown-anchor"]);
    assert_eq!(reasons(&parse(FILE, "a: &x [*x]\n")), ["alias-into-itself"]);
}

fn reasons(parsed: &Parsed) -> Vec<&str> {
    parsed.faults.iter().map(|fault| fault.reason).collect()
}

fn count(parsed: &Parsed) -> usize {
    let mut open: Vec<&Node> = parsed.root.iter().collect();
    let mut n_nodes = 0;
    while let Some(node) = open.pop() {
        n_nodes += 1;
        open.extend(node.items());
        open.extend(node.entries().iter().map(|entry| &entry.value));
    }
    n_nodes
}

#[test]
fn a_broken_text_keeps_what_came_before() {
    let parsed = parse(FILE, "a: 1\nb:\n  - c\n  - d: [e\nf: 2\n");
    assert!(!parsed.is_complete);
    assert_eq!(parsed.faults.len(), 1);
    let root = parsed.root.expect("something was read");
    assert_eq!(shape(root.get("a").expect("a was read")), "1");
    assert_eq!(root.get("b").map(|list| list.items().len()), Some(2));
    let deep = format!("a: 1\nb: {}", "[".repeat(100_000));
    let parsed = parse(FILE, &deep);
    assert!(!parsed.is_complete && parsed.root.is_some_and(|root| root.get("a").is_some()));
    assert!(!json::parse(FILE, &"[".repeat(100_000)).is_complete);
}

#[test]
fn a_tag_is_kept_and_a_second_document_is_not_read() {
    let parsed = parse(FILE, "if: !cancelled()\n---\nx: 1\n");
    let root = parsed.root.expect("the first document was read");
    let node = root.get("if").expect("if is there");
    assert_eq!(node.tag.as_ref().map(|tag| tag.text.as_str()), Some("!cancelled()"));
    assert!(parsed.second_document.is_some());
}

#[test]
fn duplicates_keep_the_last() {
    let text = "a: 1\nb: 2\na: 3\n";
    let parsed = parse(FILE, text);
    assert_eq!(parsed.duplicates.len(), 1);
    assert_eq!(parsed.duplicates[0].first.start, 0);
    assert_eq!(shape(&parsed.root.expect("read")), "{a: 3, b: 2}");
    let parsed = json::parse(FILE, "{\"a\": 1,\t\"a\": 2}");
    assert_eq!((parsed.faults.len(), parsed.duplicates.len()), (0, 1));
}

fn covered<'a>(text: &'a str, needle: &str) -> Option<&'a str> {
    let parsed = parse(FILE, text);
    let comment = parsed.comments.iter().find(|comment| comment.text == needle).expect("the comment is found");
    comment.covers.first().map(|span| &text[span.range()])
}

#[test]
fn comments_cover_what_they_speak_about() {
    let text = "# top\n\na: 1 # behind\n# above\n# again\njobs:\n  x: 1\nsteps:\n  # item\n  - run: |  # block\n      one\n      # inner\n    if: y\n  - uses: z # v1\n# last\n";
    assert_eq!(covered(text, "top"), None);
    assert_eq!(covered(text, "behind"), Some("a: 1 # behind"));
    assert_eq!(covered(text, "above"), Some("jobs:\n  x: 1"));
    assert_eq!(covered(text, "item").map(|text| text.contains("if: y") && text.contains("one")), Some(true));
    assert_eq!(covered(text, "block").map(|text| text.contains("# inner") && !text.contains("if: y")), Some(true));
    assert_eq!(covered(text, "v1"), Some("  - uses: z # v1"));
    assert_eq!(covered(text, "last"), None);
    let many = format!("{}a: 1\n", "# word\n".repeat(2_000));
    assert_eq!(parse(FILE, &many).comments.len(), 2_000);
}

#[test]
fn json_reads_as_json() {
    let shape_of = |text: &str| {
        let parsed = json::parse(FILE, text);
        assert_eq!(parsed.faults, [], "{text}");
        shape(&parsed.root.expect("a value"))
    };
    assert_eq!(
        shape_of("\u{feff}{\"yes\": \"no\",\r\n\t\"n\": [1e3, -0.5, null, true], \"e\": {}}"),
        "{yes: 'no', n: [1e3, -0.5, null, true], e: {}}"
    );
    assert_eq!(shape_of(r#""a\ud83d\ude00\/\u00e9""#), "'a😀/é'");
    for broken in ["{\"a\": yes}", "[0o7]", "[~]", "[01]", "[1,]", "{\"a\" 1}", "[1 2]", "{a: 1}", "[1]]", "\"a\tb\""] {
        assert!(!json::parse(FILE, broken).faults.is_empty(), "{broken}");
    }
    let parsed = json::parse(FILE, "{\"a\": [1, 2,\n \"b");
    assert_eq!(parsed.root.as_ref().map(shape).as_deref(), Some("{a: [1, 2]}"));
    let text = r#"{"a": "x\n\u00e9 y"}"#;
    let parsed = json::parse(FILE, text);
    let node = parsed.root.as_ref().and_then(|root| root.get("a")).expect("a is there");
    assert_eq!(&text[node.span_of(2..4).range()], r"\u00e9");
    assert_eq!(&text[node.span_of(5..6).range()], "y");
}

#[test]
fn the_language_is_known_by_name_or_by_sight() {
    assert_eq!(read(FILE, "a.json", "{\"a\": 010}").faults.len(), 1);
    assert_eq!(read(FILE, "a.tpl", "{\"a\":\t1}").faults, []);
    assert_eq!(read(FILE, "a.yml", "{a: 1}").faults, []);
}

#[test]
fn spans_end_where_values_end() {
    let text = "jobs:\n  a:\n    steps:\n      - run: x\n\n  # comment\n  b: {c: [1, 2 ] }\n";
    let root = root(text);
    assert_eq!(&text[root.at(&["jobs", "a"]).expect("a").span.range()], "steps:\n      - run: x");
    assert_eq!(&text[root.at(&["jobs", "b", "c"]).expect("c").span.range()], "[1, 2 ]");
    assert_eq!(&text[root.at(&["jobs", "b"]).expect("b").span.range()], "{c: [1, 2 ] }");
}

#[test]
fn a_second_colon_costs_its_value_alone() {
    let text = "a: é echo data:: foo: bar # é: x\nb: [1]\nc: d: e\n";
    let parsed = parse(FILE, text);
    let at: Vec<&str> = parsed.faults.iter().map(|fault| &text[fault.span.start as usize..]).collect();
    assert!(parsed.is_complete && at.len() == 3, "{:?}", parsed.faults);
    assert!(at[0].starts_with(": foo") && at[1].starts_with(": bar") && at[2].starts_with(": e"));
    let root = parsed.root.expect("the rest is read");
    assert_eq!(root.get("a").and_then(Node::as_str), Some("é echo data:: foo: bar"));
    assert_eq!(root.get("b").map(|list| list.items().len()), Some(1));
    assert_eq!(root.get("c").and_then(Node::as_str), Some("d: e"));
}

/// Both readers where the quick one answers: one tree, one list of comments, byte for byte.
#[track_caller]
fn agree(text: &str) -> bool {
    let quick = block::parse(FILE, text);
    let whole = compose::parse_all(FILE, text);
    if let Some(quick) = &quick {
        assert_eq!(format!("{quick:?}"), format!("{whole:?}"), "{text}");
    }
    quick.is_some()
}

#[test]
fn the_quick_reader_reads_what_most_files_hold() {
    for text in [
        "a: 1\nb:\n  - x\n  - y: z\n    w: 'it''s'\n  -\n    k: v\nc:\nd: \"a \\\"b\\\"\\n\" # why\n",
        "---\n# head\non: [push, 'a b', \"c\", [d], {}] # flow\njobs: {}\n",
        "a: |\n  one\n\n    two # no comment\n  three\n\n\n# end\nb: >-\n  x\n  y\n",
        "a:\n- x\n- - y\n  - z\n-   k: v\n    l:\nb: http://x/#y:z\n",
        "- a: |-\n    text\n  b: c\n- |\n  text\n-\n- d\n",
        "käse: brot\n\"ü\": 'ß' # ä\nx: |\n  ünd\n",
        "a: 3.10\nb: ~\nc: yes\nd: true\ne: null\nf : g\n",
        "a: x\na: y\nb:\n  c: |\n    z",
        "a:\n-\n- x\n-  \nb: # why\nc:\n  -   \n  - - -\n",
        "name: x:y\nif: github.ref == 'refs/heads/main' && !cancelled()\n",
        "a:\n  # inside\n\n  b: c\n    # deeper\n  d: e\n# out\nf: g",
    ] {
        assert!(agree(text), "{text}");
    }
}

#[test]
fn the_quick_reader_leaves_the_rest_alone() {
    for text in [
        "a: &x 1\nb: *x\n",
        "a: one\n  two\n",
        "a: b: c\n",
        "a: [x,\n  y]\n",
        "a: {b: c}\n",
        "a: |+\n  x\n\n",
        "a: >\n  x\n\n  y\n",
        "a: |2\n   x\n",
        "a:\tb\n",
        "a: \"x\n  y\"\n",
        "a: !x b\n",
        "? a\n: b\n",
        "a: b\r\nc: d\r\n",
        "\u{feff}a: b\n",
        "a: b\n---\nc: d\n",
        "a: b\n...\n",
        "a:\n    b: c\n  d: e\n",
        "a: b\n - c\n",
        "- a\nb: c\n",
        "a: 'b' c\n",
        "a: @b\n",
        "text\n",
        "",
        "# only\n",
        "a: [,]\n",
        "a: [b, ]\n",
        "a: [b: c]\n",
        "a: \"\\x41\"\n",
        "a: |\nb: c\n",
        "a: |\n    x\n  y\n",
        "a: - b\n",
        "a:\n- [b]\n- c\n",
        "- # why\n  a: b\n",
    ] {
        assert!(!agree(text), "{text}");
    }
}

/// Every cut of a text: wherever it ends, either both agree or the quick one says nothing.
#[test]
fn both_readers_agree_on_broken_texts() {
    let text = "on:\n  push: [a, 'b']\njobs:\n  x:\n    steps:\n    - run: |\n        a: b\n\n        c\n    - name: \"q\"\n      env: {}\n# z\n";
    for end in 0..text.len() {
        agree(&text[..end]);
        agree(&format!("{}{}", &text[..end], &text[end + 1..]));
        for inserted in [" ", "\n", ":", "#", "-", "'", "  "] {
            agree(&format!("{}{inserted}{}", &text[..end], &text[end..]));
        }
    }
}
