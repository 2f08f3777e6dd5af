//! Texts that the reader takes, and what it says of those it does not.

use super::{ExprKind, ObjectKey, Parsed, Part, parse, parse_expression, parse_template};
use crate::source::FileId;

fn read(text: &str) -> Parsed {
    parse(FileId(0), text)
}

fn slice(text: &str, span: crate::source::Span) -> &str {
    &text[span.range()]
}

#[test]
fn blocks_labels_and_attributes_have_their_bytes() {
    let text = "\u{feff}# é\nresource \"aws_vpc\" main {\n  cidr_block = \"10.0.0.0/16\" # net\n}\n";
    let parsed = read(text);
    assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
    let block = &parsed.body.blocks[0];
    assert_eq!(slice(text, block.header_span), "resource \"aws_vpc\" main");
    assert_eq!((block.label(0), block.label(1)), (Some("aws_vpc"), Some("main")));
    let attribute = &block.body.attributes[0];
    assert_eq!(slice(text, attribute.span), "cidr_block = \"10.0.0.0/16\"");
    assert_eq!(attribute.value.as_text(), Some("10.0.0.0/16"));
    assert_eq!(slice(text, block.span), text[text.find("resource").expect("it is there")..].trim_end());
}

#[test]
fn a_broken_block_costs_no_other() {
    let check = |text: &str, expected: &[&str]| {
        let parsed = read(text);
        assert!(parsed.is_broken, "{text}");
        let kinds: Vec<&str> = parsed.body.blocks.iter().filter_map(|block| block.label(0)).collect();
        assert_eq!(kinds, expected, "{text}");
    };
    check("variable \"a\" {}\nvariable \"b\" {\n  type = = 1\n}\nvariable \"c\" {}\n", &["a", "c"]);
    check("variable \"a\" {\n  x = [1\n\nvariable \"b\" {\n}\nvariable \"c\" {}\n", &["b", "c"]);
    check("variable \"a\" {\n  x = \"open\n}\nvariable \"b\" {}\n", &["b"]);
    check("variable \"a\" {}\n}\nvariable \"b\" {}\n", &["a", "b"]);
}

#[test]
fn keys_may_repeat_in_objects() {
    let text =
        "a = {\n  k = 1\n  k = 2\n  \"q\" = 3\n  \"q\" = 4\n  (v) = 5\n  (v) = 6\n  7 = 8\n  7 = 9\n}\nb = a.b\n";
    let parsed = read(text);
    assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
    let ExprKind::Object(items) = &parsed.body.attributes[0].value.kind else { panic!("an object") };
    let keys: Vec<&str> = items.iter().map(|item| slice(text, item.key.span())).collect();
    assert_eq!(keys, ["k", "k", "\"q\"", "\"q\"", "(v)", "(v)", "7", "7"]);
    let ObjectKey::Expr(key) = &items[3].key else { panic!("a quoted key") };
    assert_eq!(key.as_text(), Some("q"));
    let ObjectKey::Expr(key) = &items[7].key else { panic!("a number as key") };
    assert!(matches!(&key.kind, ExprKind::Number(number) if &**number == "7"));
    assert_eq!(slice(text, items[7].value.span), "9");
    assert_eq!(slice(text, parsed.body.attributes[1].span), "b = a.b");
}

/// Literals in quotes, everything else as written, without the spaces between.
fn parts(text: &str, parts: &[Part]) -> String {
    let mut printed = String::new();
    for part in parts {
        match part {
            Part::Literal { text: literal, .. } => printed += &format!("{literal:?}"),
            Part::Interpolation { span, .. } => printed += slice(text, *span),
            Part::If { then, otherwise, .. } => {
                printed += &format!("if({}|{})", self::parts(text, then), self::parts(text, otherwise));
            }
            Part::For { body, .. } => printed += &format!("for({})", self::parts(text, body)),
        }
    }
    printed
}

#[test]
fn heredocs_lose_their_indentation_and_what_tildes_strip() {
    let check = |text: &str, expected: &str| {
        let parsed = read(text);
        assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
        let ExprKind::Template(template) = &parsed.body.attributes[0].value.kind else { panic!("a template") };
        assert_eq!(parts(text, &template.parts), expected, "{text}");
    };
    check("a = <<-X\n    b\n\n      c $${d} \\n\n    X\n", r#""b\n""\n""  c ${d} \\n\n""#);
    check("a = <<-X\n    b ${v}\n${v} c\n    X\n", r#""    b "${v}"\n"${v}" c\n""#);
    check("a = <<X\n  %{ if v ~}\n  x\n  %{ endif ~}\nX\n", r#""  "if("  x\n""  "|)"#);
    check("a = \"x %{~ for i in l ~} ${i} %{ endfor }\"\n", r#""x"for(${i}" ")"#);
    check("a = <<X\nX\n", "");
}

#[test]
fn literals_of_heredocs_are_the_bytes_of_the_file() {
    let text = "a = <<-X\n    one\n      two ${v} three\n    X\n";
    let parsed = read(text);
    let ExprKind::Template(template) = &parsed.body.attributes[0].value.kind else { panic!("a template") };
    for part in &template.parts {
        if let Part::Literal { text: literal, span } = part {
            assert_eq!(slice(text, *span), &**literal);
        }
    }
}

#[test]
fn comments_know_what_they_cover() {
    let text = "# top\n\n# one\n# two\nresource \"a\" \"b\" { # head\n  # inner\n  x = [\n    # item\n    1,\n  ] // behind\n  y = <<X # not\nX\n}\n";
    let text = text.replace("<<X # not", "<<X");
    let parsed = read(&text);
    let covered: Vec<(&str, Vec<&str>)> = parsed
        .comments
        .iter()
        .map(|comment| {
            let covers = comment.covers.iter().map(|span| slice(&text, *span).lines().next().unwrap_or("")).collect();
            (&*comment.text, covers)
        })
        .collect();
    let block = "resource \"a\" \"b\" { # head";
    assert_eq!(covered[0], ("top", vec![]));
    assert_eq!(covered[1], ("one", vec![block]));
    assert_eq!(covered[2], ("two", vec![block]));
    assert_eq!(covered[3], ("head", vec![block]));
    assert_eq!(covered[4], ("inner", vec!["x = ["]));
    assert_eq!(covered[5], ("item", vec!["1"]));
    assert_eq!(covered[6], ("behind", vec!["  ] // behind"]));
    assert!(parsed.comments[3].enclosing.is_none() && parsed.comments[4].enclosing.is_some());
}

#[test]
fn a_lone_expression_may_break_lines() {
    let text = "a &&\n  b || f([for s in x : !s.y])";
    let expression = parse_expression(FileId(0), text, 10).expect("it parses");
    assert_eq!((expression.span.start, expression.span.end as usize), (10, 10 + text.len()));
    let fault = parse_expression(FileId(0), "a ==", 10).expect_err("it does not parse");
    assert!(fault.span.start >= 10 && fault.span.start <= 16, "{fault:?}");
    assert!(parse_expression(FileId(0), "a) || (b", 0).is_err() || parse_expression(FileId(0), "a) b (c", 0).is_err());
}

#[test]
fn a_template_file_keeps_backslashes_and_quotes() {
    let template = parse_template(FileId(0), "{\"a\": \"\\n${v}\"}\n", 0).expect("it parses");
    assert_eq!(parts("{\"a\": \"\\n${v}\"}\n", &template.parts), r#""{\"a\": \"\\n"${v}"\"}\n""#);
}

#[test]
fn hostile_texts_end_in_faults() {
    let deep = |open: &str, close: &str| format!("a = {}1{}\n", open.repeat(50_000), close.repeat(50_000));
    let shallow = "variable \"x\" {}\n";
    for text in [
        deep("[", "]"),
        deep("(", ")"),
        deep("{ a = ", "}"),
        deep("\"${", "}\""),
        deep("!", ""),
        format!("a = {}1\n", "1 + ".repeat(50_000)),
        format!("a = {}1\n", "true ? 1 : ".repeat(50_000)),
        "a {\n".repeat(50_000),
        "\"".repeat(10_001),
        "<<A\n".repeat(1000),
        "a = \"\\é\"\n".to_owned(),
        "a = \"\\".to_owned(),
        "/*".to_owned(),
    ] {
        let parsed = read(&format!("{shallow}{text}"));
        assert!(parsed.is_broken, "{}", &text[..text.len().min(40)]);
        assert_eq!(parsed.body.blocks.first().and_then(|block| block.label(0)), Some("x"));
    }
}

#[test]
fn json_syntax_becomes_the_same_tree() {
    let text = r#"{
  "//": "a comment",
  "resource": {"aws_vpc": {"main": {"cidr_block": "${var.cidr}\t-x", "tags": {"a": null}}},
               "aws_subnet": [{"app": [{"count": 2}]}]},
  "variable": {"v": {"type": "list(string)", "default": "${not}"}},
  "locals": {"x": 1},
  "terraform": {"backend": {"s3": {"bucket": "b"}}}
}"#;
    let parsed = super::parse_json(FileId(0), text);
    assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
    let kinds: Vec<(&str, Option<&str>, Option<&str>)> =
        parsed.body.blocks.iter().map(|block| (&*block.kind, block.label(0), block.label(1))).collect();
    assert_eq!(
        kinds,
        [
            ("resource", Some("aws_vpc"), Some("main")),
            ("resource", Some("aws_subnet"), Some("app")),
            ("variable", Some("v"), None),
            ("locals", None, None),
            ("terraform", None, None),
        ]
    );
    let cidr = &parsed.body.blocks[0].body.attributes[0];
    let ExprKind::Template(template) = &cidr.value.kind else { panic!("a template") };
    assert_eq!(parts(text, &template.parts), "${var.cidr}\"\\t-x\"");
    let variable = &parsed.body.blocks[2].body;
    assert!(matches!(variable.attribute("type").expect("type").value.kind, ExprKind::Call(_)));
    assert_eq!(variable.attribute("default").expect("default").value.as_text(), Some("${not}"));
    assert_eq!(parsed.body.blocks[4].body.blocks[0].label(0), Some("s3"));
}
