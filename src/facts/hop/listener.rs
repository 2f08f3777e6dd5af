//! What listeners speak: plain HTTP or TLS, which versions, and where they redirect.

use super::tls_policy::TlsPolicy;
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::network::{Listener, ListenerRule};
use crate::model::{Cell, Id, Model, Reading, mark};
use crate::source::{Place, Span};
use crate::value::{Origin, Value};

/// HTTP, unless every rule answers by itself or redirects to HTTPS.
pub(crate) fn serves_plain_http(facts: &Facts<'_>, id: Id<Listener>) -> Fact {
    let model = facts.model;
    let listener = &model[id];
    let place = listener.protocol.origin().span().unwrap_or(listener.head.span);
    let is_http = match listener.protocol.get() {
        Reading::Known(protocol) => match protocol.known() {
            Some(word) => Fact::new(Tri::from(word.eq_ignore_ascii_case("HTTP")), Vec::new()),
            None => Fact::unknown(Reason::at("no-value", "protocol", place)),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    if is_http.tri == Tri::False {
        return is_http;
    }
    let n_rules = listener.listener_rules.members.len();
    let judged = listener.listener_rules.ids().enumerate().map(|(number, rule)| {
        let mut fact = forwards_in_clear(model, &model[rule]).and(presence(&model[rule]));
        if fact.tri == Tri::True {
            // The default action speaks for the listener; a further rule is at fault itself.
            if number == 0 || n_rules == 1 {
                let at_fault = fact.places.first().map_or(place, |first| first.span);
                let is_redirect = model[rule].does.equals("redirect") == Tri::True;
                let first = if is_redirect { at_fault } else { place };
                fact.places = vec![Place::new(first, "plain HTTP is served here")];
                fact.places.push(Place::new(model[rule].head.span, "this action answers without TLS"));
            }
            for group in model[rule].target_groups.ids().take(2) {
                let head = &model[group].head;
                fact.places.push(Place::new(head.span, format!("requests go on to `{}`", head.name)));
            }
        }
        fact
    });
    let open = listener.listener_rules.open.clone().map(Fact::unknown);
    is_http.and(Fact::any(judged.chain(open)))
}

fn presence(rule: &ListenerRule) -> Fact {
    match rule.head.presence {
        Tri::Unknown => Fact::unknown(
            rule.head
                .presence_reason
                .clone()
                .unwrap_or_else(|| Reason::at("no-value", rule.head.name.clone(), rule.head.span)),
        ),
        known => Fact::new(known, Vec::new()),
    }
}

/// Forwarding is; a fixed response is not; a redirect is unless it goes to HTTPS.
fn forwards_in_clear(model: &Model, rule: &ListenerRule) -> Fact {
    let _ = model;
    let at = |origin: &Origin, role: &str| vec![Place::new(origin.span().unwrap_or(rule.head.span), role)];
    let does = match rule.does.get() {
        Reading::Known(word) => word.known().map(str::to_owned),
        Reading::Absent => None,
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    match does.as_deref() {
        Some("forward") => Fact::yes(vec![Place::new(rule.head.span, "this rule forwards")]),
        Some("fixed") => Fact::no(Vec::new()),
        Some("authenticate") => Fact::yes(vec![Place::new(rule.head.span, "this rule answers")]),
        Some("redirect") => match rule.to_protocol.get() {
            Reading::Known(protocol) => match protocol.known() {
                Some(word) if word.eq_ignore_ascii_case("HTTPS") => Fact::no(Vec::new()),
                Some(_) => Fact::yes(at(rule.to_protocol.origin(), "the redirect keeps to HTTP")),
                None => Fact::unknown(Reason::at("no-value", "protocol", rule.head.span)),
            },
            Reading::Absent => Fact::yes(at(rule.to_protocol.origin(), "the redirect keeps to HTTP")),
            Reading::Unknown(reason) => Fact::unknown(reason),
        },
        Some(_) | None => Fact::unknown(Reason::at("no-value", "type", rule.head.span)),
    }
}

/// A redirect to HTTPS on a port where the load balancer does not speak it.
pub(super) fn redirects_to_nowhere(facts: &Facts<'_>, id: Id<Listener>) -> Fact {
    let model = facts.model;
    let listener = &model[id];
    let judged = listener.listener_rules.ids().map(|rule| {
        let rule = &model[rule];
        let is_redirect = rule.does.equals("redirect").and(rule.to_protocol.equals("HTTPS"));
        let keeps_host = rule.to_host.equals("#{host}");
        if is_redirect == Tri::False || keeps_host == Tri::False {
            return Fact::no(Vec::new());
        }
        let port = match target_port(rule, listener) {
            Ok(port) => port,
            Err(reason) => return Fact::unknown(reason),
        };
        let place = rule.to_port.origin().span().unwrap_or(rule.head.span);
        let mut fact = Fact::new(is_redirect.and(keeps_host), Vec::new()).and(!speaks_tls_on(model, listener, port));
        if fact.tri == Tri::Unknown && fact.reasons.is_empty() {
            fact.reasons.push(Reason::at("no-value", "a redirect", rule.head.span));
        }
        if fact.tri == Tri::True {
            fact.places = vec![Place::new(place, format!("no listener speaks HTTPS on port {port}"))];
        }
        fact
    });
    Fact::any(judged)
}

fn target_port(rule: &ListenerRule, listener: &Listener) -> Result<i64, Reason> {
    let unknown = |span: Span| Reason::at("no-value", "port", span);
    let own = || match listener.port.get() {
        Reading::Known(port) => port.as_i64().ok_or_else(|| unknown(listener.head.span)),
        Reading::Absent => Err(unknown(listener.head.span)),
        Reading::Unknown(reason) => Err(reason),
    };
    match rule.to_port.get() {
        Reading::Known(port) => match port.known() {
            Some("#{port}") => own(),
            Some(text) => text.parse().map_err(|_| unknown(rule.head.span)),
            None => Err(unknown(rule.head.span)),
        },
        Reading::Absent => own(),
        Reading::Unknown(reason) => Err(reason),
    }
}

/// Whether a listener of the same load balancer speaks TLS on a port.
fn speaks_tls_on(model: &Model, listener: &Listener, port: i64) -> Fact {
    let Some(balancer) = listener.load_balancer.id() else {
        return Fact::unknown(Reason::at("load-balancer-unknown", listener.head.name.clone(), listener.head.span));
    };
    let listeners = &model[balancer].listeners;
    let judged = listeners.ids().map(|other| {
        let other = &model[other];
        let fits = match other.port.get() {
            Reading::Known(own) => Fact::new(Tri::from(own.as_i64() == Some(port)), Vec::new()),
            Reading::Absent => Fact::no(Vec::new()),
            Reading::Unknown(reason) => Fact::unknown(reason),
        };
        fits.and(tls_of(other))
    });
    Fact::any(judged.chain(listeners.open.clone().map(Fact::unknown)))
}

fn tls_of(listener: &Listener) -> Fact {
    match listener.protocol.get() {
        Reading::Known(protocol) => match protocol.known() {
            Some(word) => Fact::new(Tri::from(matches!(word, "HTTPS" | "TLS")), Vec::new()),
            None => Fact::unknown(Reason::at("no-value", "protocol", listener.head.span)),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// HTTPS or TLS; TCP passes bytes through and is neither.
pub(super) fn speaks_tls(facts: &Facts<'_>, id: Id<Listener>) -> Fact {
    tls_of(&facts.model[id])
}

fn policy(cell: &Cell<mark::Text>) -> Result<TlsPolicy, Reason> {
    let span = cell.origin().span();
    let unknown = |object: &str| Reason::with("no-value", object.to_owned(), span);
    match cell.get() {
        Reading::Known(name) => match name.known() {
            Some(name) => {
                TlsPolicy::parse(name).ok_or_else(|| Reason::with("unknown-tls-policy", name.to_owned(), span))
            }
            None => Err(unknown("ssl_policy")),
        },
        Reading::Absent => Err(unknown("ssl_policy")),
        Reading::Unknown(reason) => Err(reason),
    }
}

/// The oldest version of TLS that is accepted: 10 to 13.
pub(super) fn minimum_tls(facts: &Facts<'_>, id: Id<Listener>) -> (Value, Vec<Place>) {
    let listener = &facts.model[id];
    let origin = listener.tls_policy.origin();
    let place = origin.span().unwrap_or(listener.head.span);
    match policy(&listener.tls_policy) {
        Ok(policy) => {
            let name = listener.tls_policy.as_str().unwrap_or_default();
            let oldest = policy.minimum - 10;
            let role = match listener.tls_policy.is_default() {
                true => format!("the provider assumes `{name}`, which accepts TLS 1.{oldest}"),
                false => format!("`{name}` accepts TLS 1.{oldest}"),
            };
            (Value::number(policy.minimum, origin.clone()), vec![Place::new(place, role)])
        }
        Err(reason) => (Value::unknown(reason, origin.clone()), Vec::new()),
    }
}

/// A certificate that somebody uploads and renews by hand.
pub(super) fn certificate_by_hand(facts: &Facts<'_>, id: Id<Listener>) -> Fact {
    let model = facts.model;
    let listener = &model[id];
    let place = listener.certificate_arn.origin().span().unwrap_or(listener.head.span);
    let at = |role: &str| vec![Place::new(place, role)];
    if let Some(certificate) = listener.certificate.id() {
        return match model[certificate].kind.equals("iam") {
            Tri::Unknown => Fact::unknown(Reason::at("no-value", "certificate", place)),
            known => Fact::new(known, at("this certificate is uploaded by hand")),
        };
    }
    match listener.certificate_arn.get() {
        Reading::Known(arn) => match arn.contains(":server-certificate/") {
            Tri::Unknown => Fact::unknown(Reason::at("not-declared-here", "certificate", place)),
            known => Fact::new(known, at("this certificate is uploaded by hand")),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

fn of_policy(facts: &Facts<'_>, id: Id<Listener>, role: &str, ask: fn(&TlsPolicy) -> bool) -> Fact {
    let listener = &facts.model[id];
    let tls = tls_of(listener);
    if tls.tri == Tri::False {
        return tls;
    }
    let place = listener.tls_policy.origin().span().unwrap_or(listener.head.span);
    match policy(&listener.tls_policy) {
        Ok(policy) => tls.and(Fact::new(Tri::from(ask(&policy)), vec![Place::new(place, role)])),
        Err(reason) => Fact::unknown(reason),
    }
}

pub(super) fn has_weak_ciphers(facts: &Facts<'_>, id: Id<Listener>) -> Fact {
    of_policy(facts, id, "this policy keeps ciphers for old clients", |policy| policy.has_weak_ciphers)
}

pub(super) fn has_post_quantum(facts: &Facts<'_>, id: Id<Listener>) -> Fact {
    of_policy(facts, id, "this policy", |policy| policy.has_post_quantum)
}
