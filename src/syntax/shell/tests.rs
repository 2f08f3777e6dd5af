//! What the reader makes of scripts, as a short form: words with `<X>` for variables, `$[…]` for substitutions,
//! `{{…}}` for workflow expressions; compound commands in braces with their keyword.

use super::{
    Assigned, Command, CommandKind, Dialect, Item, Joint, List, MappedText, PieceKind, RedirectionKind, Script, Word,
    read, split_words,
};
use crate::source::FileId;

fn script(text: &str, dialect: Dialect) -> Script {
    read(&MappedText::part(FileId(0), text, 0..text.len()), dialect)
}

fn check(text: &str, expected: &str) {
    let script = script(text, Dialect::PLAIN);
    assert_eq!(show_list(&script.list), expected, "{text}");
    assert_eq!(script.broken, None, "{text}");
}

fn show_list(list: &List) -> String {
    list.items.iter().map(show_item).collect::<Vec<_>>().join(" ; ")
}

fn show_item(item: &Item) -> String {
    let joint = match item.joint {
        Joint::Sequence => "",
        Joint::And => "&& ",
        Joint::Or => "|| ",
    };
    let negation = if item.pipeline.is_negated { "! " } else { "" };
    let commands: Vec<String> = item.pipeline.commands.iter().map(show_command).collect();
    format!("{joint}{negation}{}{}", commands.join(" | "), if item.is_background { " &" } else { "" })
}

fn show_command(command: &Command) -> String {
    let mut shown = match &command.kind {
        CommandKind::Simple(simple) => {
            let assignments = simple.assignments.iter().map(|assignment| match &assignment.value {
                Assigned::Word(word) => format!("{}={}", assignment.name, show_word(word)),
                Assigned::Appended(word) => format!("{}+={}", assignment.name, show_word(word)),
                Assigned::Array(words) => format!("{}=({})", assignment.name, show_words(words)),
            });
            assignments.chain(simple.words.iter().map(show_word)).collect::<Vec<_>>().join(" ")
        }
        CommandKind::Group(list) => format!("group{{{}}}", show_list(list)),
        CommandKind::Subshell(list) => format!("sub{{{}}}", show_list(list)),
        CommandKind::If { branches, otherwise } => {
            let branches: Vec<String> =
                branches.iter().map(|(test, body)| format!("{} -> {}", show_list(test), show_list(body))).collect();
            let otherwise = otherwise.as_ref().map(|list| format!(" else {}", show_list(list))).unwrap_or_default();
            format!("if{{{}{otherwise}}}", branches.join(" elif "))
        }
        CommandKind::For { variable, words, body } => {
            let words = words.as_ref().map(|words| format!(" in {}", show_words(words))).unwrap_or_default();
            format!("for{{{}{words} do {}}}", show_word(variable), show_list(body))
        }
        CommandKind::While { condition, body } => format!("while{{{} do {}}}", show_list(condition), show_list(body)),
        CommandKind::Case { subject, arms } => {
            let arms: Vec<String> =
                arms.iter().map(|arm| format!("{} -> {}", show_words(&arm.patterns), show_list(&arm.body))).collect();
            format!("case{{{} {}}}", show_word(subject), arms.join(" , "))
        }
        CommandKind::Function { name, body } => format!("fn {name}={}", show_command(body)),
        CommandKind::Test(words) => format!("test{{{}}}", show_words(words)),
        CommandKind::Arithmetic => "arithmetic".to_owned(),
    };
    for redirection in &command.redirections {
        let descriptor = redirection.descriptor.map(|number| number.to_string()).unwrap_or_default();
        let target = show_word(&redirection.target);
        shown += &match &redirection.kind {
            RedirectionKind::HereDocument(document) => format!(" <<{target}[{}]", show_word(&document.body)),
            RedirectionKind::Input => format!(" {descriptor}<{target}"),
            RedirectionKind::Output => format!(" {descriptor}>{target}"),
            RedirectionKind::Append => format!(" {descriptor}>>{target}"),
            RedirectionKind::OutputAndErrors => format!(" &>{target}"),
            RedirectionKind::ReadWrite => format!(" <>{target}"),
            RedirectionKind::Duplicate => format!(" {descriptor}>&{target}"),
            RedirectionKind::HereString => format!(" <<<{target}"),
        };
    }
    shown
}

fn show_words(words: &[Word]) -> String {
    words.iter().map(show_word).collect::<Vec<_>>().join(" ")
}

fn show_word(word: &Word) -> String {
    let mut shown = String::new();
    for piece in &word.pieces {
        shown += &match &piece.kind {
            PieceKind::Literal(text) => text.replace('\n', "⏎").replace(' ', "·"),
            PieceKind::Variable(variable) => match &variable.operation {
                None => format!("<{}>", variable.name),
                Some(operation) => {
                    format!("<{} {:?} {}>", variable.name, operation.operator, show_word(&operation.operand))
                }
            },
            PieceKind::Command(list) => format!("$[{}]", show_list(list)),
            PieceKind::Process(list) => format!("<[{}]", show_list(list)),
            PieceKind::Arithmetic => "#".to_owned(),
            PieceKind::Expression(text) => format!("{{{{{text}}}}}"),
        };
    }
    shown
}

#[test]
fn lists_and_pipelines() {
    check("a && b || c; d & e", "a ; && b ; || c ; d & ; e");
    check("! a | b |& c\n\nd", "! a | b | c ; d");
    check("a &&\n # why\n b |\n c", "a ; && b | c");
    check("time a; A=1 B+=2 c d", "a ; A=1 B+=2 c d");
    check("X=(a \"b c\" # two\n d) y", "X=(a b·c d) y");
    check("a[0]=x", "a=(x)");
}

#[test]
fn words() {
    check(r#"echo 'a b' "c $X ${Y:-d e}" f\ g $'h\n'"#, "echo a·b c·<X>·<Y DefaultIfEmpty d·e> f·g h⏎");
    check(
        "echo $(a $(b)) `c \\`d\\`` $((1+(2))) <(e) $1 $@ ${#X} ${X%%.*} $",
        "echo $[a $[b]] $[c $[d]] # <[e] <1> <@> <X Other > <X TrimEndLongest .*> $",
    );
    check("a\\\nb c \\\n  d", "ab c d");
    check("echo a#b # c", "echo a#b");
    check("echo \"a \\\" \\n\" '' x", "echo a·\"·\\n  x");
    check("rm !(a|b) {c,d}", "rm !(a|b) {c,d}");
    check("if=1; echo if then; export PATH=$PATH:/x", "if=1 ; echo if then ; export PATH=<PATH>:/x");
}

#[test]
fn redirections() {
    check("a >b 2>&1 <c >>d &>e <<<f 2>/dev/null", "a >b 2>&1 <c >>d &>e <<<f 2>/dev/null");
    check("cat <<A <<-'B' > x; c\na $X\nA\n\t$b\n\tB\nd", "cat <<A[a·<X>⏎] <<B[\t$b⏎] >x ; c ; d");
    check("x=\"$(cat <<E\n\"quoted\"\nE\n)\"; y", "x=$[cat <<E[\"quoted\"⏎]] ; y");
    check("cat <<E | b # don't\nbody\nE\nc", "cat <<E[body⏎] | b ; c");
}

#[test]
fn compound_commands() {
    check("if a; then b; elif c; then d; else e; fi > f", "if{a -> b elif c -> d else e} >f");
    check("for x in a \"$b\"; do c; done", "for{x in a <b> do c}");
    check("for x\ndo c\ndone; for ((i=0;i<3;i++)); do d; done", "for{x do c} ; for{ do d}");
    check("while read -r l; do a; done < f | b", "while{read -r l do a} <f | b");
    check("case $x in\n a|b) c;; # why\n (*) d ;&\n e) esac", "case{<x> a b -> c , * -> d , e -> }");
    check(
        "f() { a; }; function g { b; }; (c; d) && { e; }",
        "fn f=group{a} ; fn g=group{b} ; sub{c ; d} ; && group{e}",
    );
    check(
        "[[ $a =~ ^(x|y)$ && -n $b ]] || c; (( x > 1 )) && ((d); e)",
        "test{<a> =~ ^(x|y)$ && -n <b>} ; || c ; arithmetic ; && sub{sub{d} ; e}",
    );
}

#[test]
fn expressions_of_workflows() {
    let text = "echo ${{ a || '}}' }}x '${{ b }}'\ncat <<'E'\n${{ c }} $d\nE\nif ${{ e }}; then f; fi # ${{ g }}\n";
    let script = script(text, Dialect::WORKFLOW);
    assert_eq!(show_list(&script.list), "echo {{a || '}}'}}x {{b}} ; cat <<E[{{c}}·$d⏎] ; if{{{e}} -> f}");
    assert_eq!(script.broken, None);
}

#[test]
fn positions() {
    let text = "é=1; run \"a$X\" \\\n  'b' # c\n";
    let script = script(text, Dialect::PLAIN);
    let CommandKind::Simple(simple) = &script.list.items[1].pipeline.commands[0].kind else {
        panic!("a simple command")
    };
    let spans: Vec<&str> = simple.words.iter().map(|word| &text[word.span.range()]).collect();
    assert_eq!(spans, ["run", "\"a$X\"", "'b'"]);
    assert_eq!(&text[simple.words[1].pieces[1].span.range()], "$X");
    assert_eq!(&text[script.list.items[1].pipeline.span.range()], "run \"a$X\" \\\n  'b'");
}

#[test]
fn comments_cover_what_they_stand_above_or_behind() {
    let text =
        "# above\n# all\nif a; then\n  # inner\n  b c\nfi\n\n# lost\n\nd # behind\ncat <<E # both\nbody\nE\n# end\n";
    let script = script(text, Dialect::PLAIN);
    let covers: Vec<(&str, Vec<&str>)> = script
        .comments
        .iter()
        .map(|comment| (&*comment.text, comment.covers.iter().map(|cover| &text[cover.range()]).collect()))
        .collect();
    let whole_if = "if a; then\n  # inner\n  b c\nfi";
    assert_eq!(
        covers,
        [
            ("above", vec![whole_if]),
            ("all", vec![whole_if]),
            ("inner", vec!["b c"]),
            ("lost", vec![]),
            ("behind", vec!["d "]),
            ("both", vec!["cat <<E ", "\nbody\nE\n"]),
            ("end", vec![]),
        ]
    );
}

#[test]
fn goes_on_after_what_does_not_fit() {
    for (text, expected) in [
        ("a; fi; b", "a ; b"),
        ("a ) b", "a ; b"),
        ("if a; then b", "if{a -> b}"),
        ("echo 'a", "echo a"),
        ("&& a", "a"),
        ("cat <<E\na", "cat <<E[a]"),
        ("case x in a", "case{x a -> }"),
        ("f() ", ""),
        ("${", "< Other >"),
    ] {
        let script = script(text, Dialect::PLAIN);
        assert_eq!(show_list(&script.list), expected, "{text}");
        assert!(script.broken.is_some(), "{text}");
    }
}

#[test]
fn deep_nesting_ends() {
    for text in ["(", "$(", "\"$(", "if ", "{ ", "${a:-", "a() ", "<(", "((", "case a in b) ", "<<E ", "`\\"] {
        let deep = text.repeat(20_000);
        let read = script(&deep, Dialect::WORKFLOW);
        assert!(read.broken.is_some(), "{text}");
    }
}

#[test]
fn splits_lines_that_no_shell_reads() {
    let text = "A=\"b c\" 'd e'$f `g`; h\\ i";
    let words = split_words(&MappedText::part(FileId(0), text, 0..text.len()), Dialect::PLAIN);
    assert_eq!(show_words(&words), "A=b·c d·e<f> `g`; h·i");
}
