//! Settings of Django applications that a literal decides: keys, debug mode, hosts, cookies, brokers, databases. Settings
//! of nginx: the versions of TLS.

use crate::data::secrets::is_placeholder;
use crate::logic::Reason;
use crate::model::range::is_loopback;
use crate::model::secret::Setting;
use crate::model::{Head, Model};
use crate::source::{FileId, Span, World};
use crate::syntax::lines::nginx;
use crate::syntax::lines::settings::{self, Assignment, Token, TokenKind};
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, Value};

pub(super) fn add_files(model: &mut Model, sources: &Sources<'_>) {
    let files: Vec<FileId> =
        sources.subjects_of(Kind::Other).filter(|id| settings::is_module(&sources.world.file(*id).path)).collect();
    for file in files {
        let source = sources.world.file(file);
        let Some(text) = source.text() else { continue };
        let assignments = settings::read(file, text);
        let is_django = assignments
            .iter()
            .any(|it| matches!(it.name.as_str(), "INSTALLED_APPS" | "DATABASES" | "ALLOWED_HOSTS" | "ROOT_URLCONF"));
        if !is_django {
            continue;
        }
        let mut module = Module { model, path: &source.path, kind: "django" };
        assignments.iter().for_each(|assignment| module.assignment(assignment));
        module.missing(&assignments);
        if let Some(place) = assignments.iter().find_map(redirects_always) {
            module.add(
                PROXY_HEADER,
                believes_no_proxy(sources.world, file, place),
                Value::bool(true, Origin::written(place)),
                place,
            );
        }
    }
    nginx_files(model, sources);
}

fn nginx_files(model: &mut Model, sources: &Sources<'_>) {
    let is_it = |id: &FileId| nginx::is_configuration(&sources.world.file(*id).path);
    let files: Vec<FileId> = sources.subjects_of(Kind::Other).filter(is_it).collect();
    for file in files {
        let source = sources.world.file(file);
        let Some(text) = source.text() else { continue };
        let mut module = Module { model, path: &source.path, kind: "nginx" };
        module.nginx(&nginx::read(file, text));
    }
}

/// Whether a setting is what one would warn about.
enum Weak {
    Known(bool),
    Unknown(Reason),
}

impl From<bool> for Weak {
    fn from(is_weak: bool) -> Weak {
        Weak::Known(is_weak)
    }
}

/// The name of the header by which a proxy says that its client speaks HTTPS.
const PROXY_HEADER: &str = "SECURE_PROXY_SSL_HEADER";

/// The literal that redirects plain requests whatever the environment says.
fn redirects_always(assignment: &Assignment) -> Option<Span> {
    match &assignment.tokens[..] {
        [token] if assignment.name == "SECURE_SSL_REDIRECT" => (is_on(token) == Some(true)).then_some(token.span),
        _ => None,
    }
}

/// Whether neither a module nor one whose names it takes over names the header. Where another module of the tree does,
/// that one may be what runs, and take this one's names over.
fn believes_no_proxy(world: &World, module: FileId, place: Span) -> Weak {
    let (mut open, mut seen) = (vec![module], vec![module]);
    let mut unread = None;
    while let Some(file) = open.pop() {
        let source = world.file(file);
        let Some(text) = source.text() else { continue };
        // The assignment may be indented, under a condition that nobody evaluates here.
        if text.contains(PROXY_HEADER) {
            return Weak::Known(false);
        }
        for name in settings::star_imports(text) {
            match imported(world, source.folder(), name) {
                Some(found) if seen.contains(&found) => {}
                Some(found) => {
                    seen.push(found);
                    open.push(found);
                }
                None => unread = Some(Reason::at("unread-file", name, place)),
            }
        }
    }
    let elsewhere = || {
        let mut others = world.files().filter(|(_, file)| settings::is_module(&file.path));
        let other = others.find(|(_, file)| file.text().is_some_and(|text| text.contains(PROXY_HEADER)))?;
        Some(Reason::at("unread-settings", other.1.path.clone(), place))
    };
    match unread.or_else(elsewhere) {
        Some(reason) => Weak::Unknown(reason),
        None => Weak::Known(true),
    }
}

/// The file of a module: `.base` beside the one that names it, `app.settings.base` from some folder on.
fn imported(world: &World, folder: &str, name: &str) -> Option<FileId> {
    let relative = name.trim_start_matches('.');
    let n_dots = name.len() - relative.len();
    let path = relative.replace('.', "/");
    let ends = [format!("{path}.py"), format!("{path}/__init__.py")];
    if n_dots > 0 {
        let up = "../".repeat(n_dots - 1);
        return ends.iter().find_map(|end| world.find(&crate::source::clean_path(folder, &format!("{up}{end}"))?));
    }
    let is_it = |file: &str| ends.iter().any(|end| file == end || file.ends_with(&format!("/{end}")));
    world.files().find(|(_, file)| is_it(&file.path)).map(|(id, _)| id)
}

struct Module<'m> {
    model: &'m mut Model,
    path: &'m str,
    kind: &'static str,
}

/// Versions that browsers and servers have given up.
const OLD_TLS: [&str; 4] = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1"];

impl Module<'_> {
    fn add(&mut self, name: &str, is_weak: impl Into<Weak>, value: Value, place: Span) {
        let mut setting = Setting::new(Head::new(name, place));
        setting.name.set(Value::text(name, Origin::written(place)));
        setting.path.set(Value::text(self.path, Origin::none()));
        setting.kind.set(Value::text(self.kind, Origin::none()));
        let written = Origin::written(place);
        setting.is_weak.set(match is_weak.into() {
            Weak::Known(is_weak) => Value::bool(is_weak, written),
            Weak::Unknown(reason) => Value::unknown(reason, written),
        });
        setting.content.set(value);
        self.model.secret.settings.push(setting);
    }

    fn assignment(&mut self, assignment: &Assignment) {
        let tokens = &assignment.tokens;
        match assignment.name.as_str() {
            "SECRET_KEY" => {
                let literal = whole_text(tokens).or_else(|| fallback(tokens).filter(|token| token.text().is_some()));
                if let Some((token, text)) = literal.and_then(|token| Some((token, token.text()?))) {
                    let is_weak = !text.is_empty() && !is_placeholder(text) || is_template_key(text);
                    self.add("SECRET_KEY", is_weak, Value::text(text, Origin::written(token.span)), token.span);
                }
            }
            "DEBUG" => {
                if let Some((span, is_on)) = switch(tokens) {
                    self.add("DEBUG", is_on, Value::bool(is_on, Origin::written(span)), span);
                }
            }
            "ALLOWED_HOSTS" => {
                let any = tokens.iter().find(|token| token.text() == Some("*"));
                if let Some(any) = any {
                    self.add("ALLOWED_HOSTS", true, Value::text("*", Origin::written(any.span)), any.span);
                }
            }
            "SECURE_SSL_REDIRECT" | "SESSION_COOKIE_SECURE" | "CSRF_COOKIE_SECURE" => {
                if let Some((span, is_on)) = switch(tokens) {
                    self.add(&assignment.name, !is_on, Value::bool(is_on, Origin::written(span)), span);
                }
            }
            "DATABASES" => self.databases(assignment),
            name if name.ends_with("BROKER_URL") || name == "REDIS_URL" || name.ends_with("RESULT_BACKEND") => {
                let address = tokens.iter().find_map(|token| Some((token, token.text()?)));
                if let Some((token, text)) = address.filter(|(_, text)| text.contains("://")) {
                    let is_plain = text.starts_with("redis://") || text.starts_with("amqp://");
                    let is_local = ["://localhost", "://127.0.0.1"].iter().any(|host| text.contains(host));
                    let value = Value::text(text, Origin::written(token.span));
                    self.add("BROKER_URL", is_plain && !is_local, value, token.span);
                }
            }
            _ => {}
        }
    }

    fn nginx(&mut self, directives: &[nginx::Directive]) {
        self.protocols(directives);
        self.upstreams(directives);
    }

    /// Where requests are sent on, unless that is within the task: its containers share the loopback address.
    fn upstreams(&mut self, directives: &[nginx::Directive]) {
        let sends = |it: &&nginx::Directive| matches!(it.name.text.as_str(), "proxy_pass" | "grpc_pass");
        for directive in directives.iter().filter(sends) {
            let Some(word) = directive.words.first() else { continue };
            let Some((scheme, rest)) = word.text.split_once("://") else { continue };
            let host = rest.split('/').next().unwrap_or(rest);
            let group = directives
                .iter()
                .position(|it| it.name.text == "upstream" && it.words.first().is_some_and(|it| it.text == host));
            let servers =
                directives.iter().filter(|it| group.is_some() && it.parent == group && it.name.text == "server");
            let mut hosts: Vec<&str> =
                servers.filter_map(|it| it.words.first()).map(|word| word.text.as_str()).collect();
            if group.is_none() {
                hosts.push(host);
            }
            for host in hosts.into_iter().filter(|host| is_elsewhere(host)) {
                let value = Value::text(format!("{scheme}://{host}"), Origin::written(word.span));
                self.add("proxy_pass", matches!(scheme, "http" | "grpc"), value, word.span);
            }
        }
    }

    /// The versions of TLS, where something listens with TLS under them.
    fn protocols(&mut self, directives: &[nginx::Directive]) {
        let is_below = |directive: &nginx::Directive, block: Option<usize>| {
            let mut parent = directive.parent;
            while parent.is_some() && parent != block {
                parent = parent.and_then(|number| directives[number].parent);
            }
            parent == block
        };
        for directive in directives.iter().filter(|it| it.name.text == "ssl_protocols") {
            // Servers may stand in included files, and a file without blocks is one of those.
            let listens = directives.iter().filter(|it| is_below(it, directive.parent)).any(|it| {
                let says = |word: &str| it.words.iter().any(|own| own.text == word);
                match it.name.text.as_str() {
                    "listen" => says("ssl") || says("quic"),
                    "ssl" => says("on"),
                    "include" => !it.words.iter().any(|own| own.text.ends_with("mime.types")),
                    _ => false,
                }
            });
            let is_snippet = directives.iter().all(|it| it.parent.is_none());
            let old = directive.words.iter().find(|word| OLD_TLS.contains(&word.text.as_str()));
            let Some(first) = old.or(directive.words.first()).filter(|_| listens || is_snippet) else { continue };
            let words = directive.words.iter().map(|word| Value::text(&word.text, Origin::written(word.span)));
            let value = Value::list(words.collect(), Origin::written(directive.name.span));
            self.add("ssl_protocols", old.is_some(), value, first.span);
        }
    }

    /// The mode of TLS that a connection asks for, or the host to which it goes without one.
    fn databases(&mut self, assignment: &Assignment) {
        let tokens = &assignment.tokens;
        let named = |name: &str| tokens.iter().position(|token| token.text() == Some(name));
        let engine = named("ENGINE").and_then(|at| tokens.get(at + 2)).and_then(Token::text).unwrap_or("");
        if !["postgresql", "postgis", "psycopg", "mysql"].iter().any(|kind| engine.contains(kind)) {
            return;
        }
        let mode = named("sslmode").or_else(|| named("ssl_mode")).and_then(|at| tokens.get(at + 2));
        match mode.and_then(|token| Some((token, token.text()?))) {
            Some((token, mode)) => {
                let value = Value::text(mode, Origin::written(token.span));
                let is_unverified =
                    matches!(mode, "require" | "prefer" | "allow" | "disable" | "REQUIRED" | "PREFERRED");
                self.add("DATABASE_TLS", is_unverified, value, token.span);
            }
            None if mode.is_none() && named("ssl").is_none() && named("sslrootcert").is_none() => {
                let host = named("HOST").and_then(|at| tokens.get(at + 2)).map_or(assignment.name_span, |it| it.span);
                self.add("DATABASE_TLS", true, Value::text("", Origin::written(host)), host);
            }
            None => {}
        }
    }

    /// Switches that are off unless a module sets them.
    fn missing(&mut self, assignments: &[Assignment]) {
        let Some(first) = assignments.first() else { return };
        let names = ["SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"];
        let has = |name: &str| assignments.iter().any(|it| it.name == name);
        // A module that only adds to another one says nothing by what it lacks.
        if names.iter().any(|name| has(name)) || !has("DATABASES") {
            return;
        }
        let place = assignments.iter().find(|it| it.name == "ALLOWED_HOSTS").unwrap_or(first).name_span;
        self.add("SECURE_SSL_REDIRECT", true, Value::bool(false, Origin::written(place)), place);
    }
}

/// Whether a host is surely another one: no variable, no socket file, not one's own.
fn is_elsewhere(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    !host.contains('$') && !host.starts_with("unix:") && !is_loopback(name)
}

/// What the project template of Django writes.
fn is_template_key(text: &str) -> bool {
    text.starts_with("django-insecure-")
}

/// The text that an expression consists of.
fn whole_text(tokens: &[Token]) -> Option<&Token> {
    match tokens {
        [token] => token.text().map(|_| token),
        _ => None,
    }
}

/// What a call takes where the environment says nothing: its second argument, or the one called `default`.
fn fallback(tokens: &[Token]) -> Option<&Token> {
    let reads = |word: &str| {
        word.ends_with("environ.get")
            || word.ends_with("getenv")
            || matches!(word, "env" | "config" | "env.str" | "env.bool")
    };
    let call = tokens.iter().position(|token| token.word().is_some_and(reads))?;
    let arguments = tokens.get(call + 1).filter(|token| token.is_symbol('(')).map(|_| &tokens[call + 2..])?;
    let mut depth = 0;
    for (at, token) in arguments.iter().enumerate() {
        match token.kind {
            TokenKind::Symbol('(' | '[' | '{') => depth += 1,
            TokenKind::Symbol(')' | ']' | '}') if depth == 0 => return None,
            TokenKind::Symbol(')' | ']' | '}') => depth -= 1,
            TokenKind::Symbol(',') if depth == 0 => {
                let next = arguments.get(at + 1)?;
                let is_named = arguments.get(at + 2).is_some_and(|token| token.is_symbol('='));
                return match (is_named, next.word()) {
                    (true, Some("default")) => arguments.get(at + 3),
                    (true, _) => None,
                    (false, _) => Some(next),
                };
            }
            TokenKind::Symbol(_) | TokenKind::Text { .. } | TokenKind::Word(_) => {}
        }
    }
    None
}

fn is_on(token: &Token) -> Option<bool> {
    match token.text().or_else(|| token.word())?.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" | "" => Some(false),
        _ => None,
    }
}

/// Whether a switch is on as it is written, or where the environment says nothing; with the literal that decides.
fn switch(tokens: &[Token]) -> Option<(Span, bool)> {
    if let [token] = tokens {
        return Some((token.span, is_on(token)?));
    }
    let fallback = fallback(tokens)?;
    let compared = tokens.windows(2).position(|pair| pair[0].is_symbol('=') && pair[1].is_symbol('='));
    let wanted = compared.and_then(|at| tokens.get(at + 2)).and_then(Token::text);
    let within = tokens.iter().position(|token| token.word() == Some("in"));
    match (wanted, within) {
        (Some(wanted), _) => Some((fallback.span, fallback.text()? == wanted)),
        (None, Some(at)) => {
            let text = fallback.text()?;
            Some((fallback.span, tokens[at..].iter().any(|token| token.text() == Some(text))))
        }
        (None, None) => Some((fallback.span, is_on(fallback)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::{fallback, switch};
    use crate::source::FileId;
    use crate::syntax::lines::settings::read;

    #[test]
    fn switches() {
        let check = |text: &str, expected: Option<bool>| {
            let read = read(FileId(0), text);
            assert_eq!(switch(&read[0].tokens).map(|(_, is_on)| is_on), expected, "{text}");
        };
        check("DEBUG = True", Some(true));
        check("DEBUG = int(os.environ.get('DEBUG', default=1))", Some(true));
        check("DEBUG = os.environ.get('DEBUG', 'False') == 'True'", Some(false));
        check("DEBUG = os.environ.get('DEBUG', 'True') == 'True'", Some(true));
        check("DEBUG = os.getenv('DEBUG', '0').lower() in ('1', 'true')", Some(false));
        check("DEBUG = os.environ.get('DEBUG') == '1'", None);
        check("DEBUG = env.bool('DEBUG', default=False)", Some(false));
        check("DEBUG = os.environ['DEBUG']", None);
    }

    #[test]
    fn fallbacks() {
        let check = |text: &str, expected: Option<&str>| {
            let read = read(FileId(0), text);
            assert_eq!(fallback(&read[0].tokens).and_then(|token| token.text()), expected, "{text}");
        };
        check("K = os.environ.get('K', 'x')", Some("x"));
        check("K = config('K', cast=str, default='x')", None);
        check("K = env('K', default='x')", Some("x"));
        check("K = os.environ['K']", None);
        check("K = os.environ.get(name('K', 'y'))", None);
    }
}
