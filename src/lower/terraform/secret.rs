//! Secrets and parameters, which containers and functions name.

use super::context::{Context, cells, computed};
use super::vpc::each;
use crate::eval::terraform::Mode;
use crate::logic::Reason;
use crate::model::One;
use crate::model::secret::{Parameter, Secret};
use crate::value::Origin;

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_secretsmanager_secret") {
        let mut secret = Secret::new(cx.head(instance));
        cells!(secret, instance.view(); name = "name");
        cx.add(instance, secret);
    }
    for instance in cx.data("aws_secretsmanager_secret") {
        let mut secret = Secret::new(cx.head(instance));
        cells!(secret, instance.view(); name = "name");
        secret.key = One::unknown(
            Reason::at("provider-computed", instance.address.to_string(), instance.header_span),
            Origin::written(instance.header_span),
        );
        cx.add(instance, secret);
    }
    for instance in cx.managed("aws_ssm_parameter") {
        let mut parameter = Parameter::new(cx.head(instance));
        let view = instance.view();
        cells!(parameter, view; name = "name", kind = "type", content = "value");
        if let Some(plain) = view.attr("insecure_value") {
            parameter.content.set(plain);
        }
        cx.add(instance, parameter);
    }
    for instance in cx.data("aws_ssm_parameter") {
        let mut parameter = Parameter::new(cx.head(instance));
        cells!(parameter, instance.view(); name = "name");
        computed!(parameter, instance; kind, content);
        cx.add(instance, parameter);
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    each::<Secret>(cx, &["aws_secretsmanager_secret"], |cx, instance, id| {
        if instance.mode == Mode::Managed {
            cx.model[id].key = cx.one(instance.view(), "kms_key_id");
        }
    });
    each::<Parameter>(cx, &["aws_ssm_parameter"], |cx, instance, id| {
        if instance.mode == Mode::Managed {
            cx.model[id].key = cx.one(instance.view(), "key_id");
        }
    });
}
