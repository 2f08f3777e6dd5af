//! Every function through whole expressions: the table `testdata/terraform/functions.txt`.

use crate::eval::terraform::tests::check_table;

#[test]
fn every_function() {
    let declarations = include_str!("../../../../testdata/terraform/declarations.tf");
    let mut files = crate::source::WorldBuilder::default();
    for (path, bytes) in [
        ("main.tf", declarations.as_bytes()),
        ("hello.txt", b"hello!"),
        ("policies/a.json", b"{}"),
        ("policies/c.yaml", b"a: 1"),
        ("greet.tftpl", b"Hi ${name}!"),
        ("bytes.bin", &[0xff, 0xfe]),
    ] {
        files.add_bytes(path, bytes.to_vec(), true);
    }
    check_table(include_str!("../../../../testdata/terraform/functions.txt"), &files.build());
}

#[test]
fn every_name_is_in_the_table() {
    let table = include_str!("../../../../testdata/terraform/functions.txt");
    let examples = include_str!("../../../../testdata/terraform/expressions.txt");
    let names = super::TABLES.iter().flat_map(|table| table.iter().map(|function| function.name));
    let is_called = |name: &str| {
        let called = format!("{name}(");
        table.contains(&called) || examples.contains(&called)
    };
    let missing: Vec<&str> = names.filter(|name| !is_called(name)).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}

#[test]
fn messages_hide_secrets_and_stay_short() {
    use super::{CallContext, Template, Templates, call};
    use crate::value::{Map, Origin, Value};

    struct Nothing;
    impl Templates for Nothing {
        fn render(&self, _: Template<'_>, _: &Map) -> Value {
            Value::null(Origin::none())
        }
    }
    let world = crate::source::WorldBuilder::default().build();
    let span = crate::source::Span::file_start(crate::source::FileId(0));
    let context = CallContext { world: &world, folder: "", span, templates: &Nothing };
    let message = |text: Value| {
        let refused = call("parseint", &[text, Value::number(10, Origin::none())], &context);
        refused.error().map(|reason| reason.object.clone()).expect("it is refused")
    };
    assert!(!message(Value::text("hush", Origin::none()).sensitive()).contains("hush"));
    assert!(message(Value::text("x".repeat(10_000), Origin::none())).chars().count() < 300);
}
