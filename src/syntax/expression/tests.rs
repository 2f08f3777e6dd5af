//! The expression reader against what GitHub accepts and what it refuses.

use super::{Condition, Expression, Kind, condition, holes, parse};

fn shape(text: &str) -> String {
    match parse(text, 0..text.len()) {
        Ok(expression) => show(&expression),
        Err(error) => format!("error at {}: {}", error.range.start, error.message),
    }
}

fn show(expression: &Expression) -> String {
    let list = |parts: &[Expression]| parts.iter().map(show).collect::<Vec<_>>().join(" ");
    match &expression.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(value) => value.to_string(),
        Kind::Text(text) => format!("'{text}'"),
        Kind::Context(name) => name.clone(),
        Kind::Property(object, name) => format!("{}.{name}", show(object)),
        Kind::Index(object, index) => format!("{}[{}]", show(object), show(index)),
        Kind::Every(object) => format!("{}.*", show(object)),
        Kind::Call(name, arguments) => format!("{name}({})", list(arguments)),
        Kind::Not(inner) => format!("(! {})", show(inner)),
        Kind::Compare(operator, left, right) => format!("({operator:?} {} {})", show(left), show(right)),
        Kind::And(parts) => format!("(&& {})", list(parts)),
        Kind::Or(parts) => format!("(|| {})", list(parts)),
    }
}

#[test]
fn reads_the_grammar() {
    let check = |text: &str, expected: &str| assert_eq!(shape(text), expected, "{text}");
    check("github.event.pull_request.head.ref", "github.event.pull_request.head.ref");
    check("a.b-c['d e'][0].*.x", "a.b-c['d e'][0].*.x");
    check("a && b || !c && d == 'it''s'", "(|| (&& a b) (&& (! c) (Equal d 'it's')))");
    check("(a || b) && c", "(&& (|| a b) c)");
    check("contains(fromJSON('[1]'), x) == true", "(Equal contains(fromJSON('[1]') x) true)");
    check("-1.5e3 < 0xff", "(Less -1500 255)");
    check("success()", "success()");
    check("a.b)", "error at 3: the expression ends before this");
    check("\"a\"", "error at 0: texts stand in single quotes here");
    check("a ==", "error at 4: the expression ends too early");
    check("'a", "error at 0: this text has no closing `'`");
    check("", "error at 0: there is no expression here");
    check("1a", "error at 0: `1a` is no number");
}

#[test]
fn depth_is_bounded() {
    for text in ["(".repeat(100_000), "!".repeat(100_000), format!("a{}", ".b".repeat(100_000)), "a[".repeat(100_000)] {
        assert!(shape(&text).starts_with("error"), "{}", &text[..10]);
    }
    let long = vec!["a"; 10_000].join(" || ");
    assert!(matches!(parse(&long, 0..long.len()).map(|it| it.kind), Ok(Kind::Or(parts)) if parts.len() == 10_000));
}

#[test]
fn holes_end_outside_texts() {
    let text = "é ${{ format('}}{0}', x) }} and ${{ a";
    let found = holes(text);
    assert_eq!(found.len(), 2);
    assert_eq!(&text[found[0].range.clone()], "${{ format('}}{0}', x) }}");
    assert!(found[0].expression.is_ok() && found[1].expression.is_err());
}

#[test]
fn a_condition_with_anything_around_its_braces_is_a_text() {
    assert!(matches!(condition("a == 'b'"), Condition::Expression(Ok(_))));
    assert!(matches!(condition("${{ a }}"), Condition::Expression(Ok(_))));
    assert!(matches!(condition("${{ a }}\n"), Condition::AlwaysTrue(_)));
    assert!(matches!(condition("${{ a }} && ${{ b }}"), Condition::AlwaysTrue(_)));
    assert!(matches!(condition("!cancelled()\n"), Condition::Expression(Ok(_))));
}

#[test]
fn paths_are_lower_case_names() {
    let text = "GitHub.Event['Commits'].*.message";
    let path = parse(text, 0..text.len()).expect("it parses").path();
    assert_eq!(path.map(|names| names.join(".")).as_deref(), Some("github.event.commits.*.message"));
}
