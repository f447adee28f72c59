//! In: what is wrong with a message. Out: [`MessageRefusal`]: the reason it is counted under, the sites it is booked to, and the
//! JSON owed to its sender. Forgets: the message; a fault never carries input.

use crate::limits;
use crate::rejection::Rejection;

/// One thing wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The body is not the text of a JSON object.
    NotJson,
    /// The body is longer than [`limits::BODY_BYTES_MAX`].
    BodyTooLarge,
    /// `u` is absent or blank.
    UrlMissing,
    /// `u` is no text, or has no scheme.
    UrlInvalid,
    /// `u` has the scheme `data`.
    SchemeRefused,
    /// `d` names no site, or is absent and `u` has no host.
    DomainBlank,
    /// `d` is no text.
    DomainInvalid,
    /// `d` names more than [`limits::SITES_OF_A_BEACON_MAX`] sites.
    DomainsTooMany,
    /// `n` is absent or blank.
    NameBlank,
    /// `n` is neither text nor a whole number.
    NameInvalid,
    /// An engagement ping without usable `e` and `sd`.
    EngagementMissing,
}

impl Fault {
    /// The field of the answer under which the sentence stands.
    const fn field(self) -> &'static str {
        match self {
            Fault::NotJson | Fault::BodyTooLarge => "request",
            Fault::UrlMissing | Fault::UrlInvalid | Fault::SchemeRefused => "url",
            Fault::DomainBlank | Fault::DomainInvalid | Fault::DomainsTooMany => "domain",
            Fault::NameBlank | Fault::NameInvalid => "event_name",
            Fault::EngagementMissing => "engagement_time",
        }
    }

    /// What the sender is told. Never holds a character that JSON escapes.
    fn sentence(self) -> String {
        match self {
            Fault::NotJson => "Unable to parse request body as json".to_owned(),
            Fault::BodyTooLarge => format!("should be at most {} byte(s)", limits::BODY_BYTES_MAX),
            Fault::UrlMissing => "is required".to_owned(),
            Fault::UrlInvalid => "must be a valid url".to_owned(),
            Fault::SchemeRefused => "scheme is not allowed".to_owned(),
            Fault::DomainBlank | Fault::NameBlank => "can't be blank".to_owned(),
            Fault::DomainInvalid | Fault::NameInvalid => "is invalid".to_owned(),
            Fault::DomainsTooMany => format!("should have at most {} item(s)", limits::SITES_OF_A_BEACON_MAX),
            Fault::EngagementMissing => "can't be blank when the scroll depth is".to_owned(),
        }
    }

    /// The reason that it is counted under.
    const fn rejection(self) -> Rejection {
        match self {
            Fault::NotJson => Rejection::NotJson,
            Fault::BodyTooLarge => Rejection::TooLarge,
            Fault::UrlMissing | Fault::UrlInvalid | Fault::SchemeRefused => Rejection::BadUrl,
            _ => Rejection::BadField,
        }
    }
}

/// Why a message is not taken, and what its sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRefusal {
    /// What is wrong, at most one fault for each field. Never empty.
    faults: Vec<Fault>,
    /// The sites that the message names, at most [`limits::SITES_OF_A_BEACON_MAX`], to which the rejection is booked;
    /// none when it could not be read that far.
    pub sites: Vec<String>,
}

impl MessageRefusal {
    /// A refusal of a message that names these sites and has at least one fault.
    pub(super) fn of(faults: Vec<Fault>, sites: Vec<String>) -> MessageRefusal {
        MessageRefusal { faults, sites }
    }

    /// The one reason it is counted under, for each of the sites: that of the first fault, a bad address before others.
    pub fn rejection(&self) -> Rejection {
        self.faults.first().map_or(Rejection::BadField, |fault| fault.rejection())
    }

    /// What is wrong.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The answer's body: JSON such as `{"errors":{"url":["is required"]}}`.
    pub fn body(&self) -> String {
        let told = |fault: &Fault| format!("\"{}\":[\"{}\"]", fault.field(), fault.sentence());
        let fields: Vec<String> = self.faults.iter().map(told).collect();
        format!("{{\"errors\":{{{}}}}}", fields.join(","))
    }
}

impl From<Fault> for MessageRefusal {
    fn from(fault: Fault) -> MessageRefusal {
        MessageRefusal { faults: vec![fault], sites: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_a_field_a_sentence_and_a_reason() {
        let cases = [
            (Fault::NotJson, Rejection::NotJson, r#"{"request":["Unable to parse request body as json"]}"#),
            (Fault::BodyTooLarge, Rejection::TooLarge, r#"{"request":["should be at most 1000000 byte(s)"]}"#),
            (Fault::UrlMissing, Rejection::BadUrl, r#"{"url":["is required"]}"#),
            (Fault::UrlInvalid, Rejection::BadUrl, r#"{"url":["must be a valid url"]}"#),
            (Fault::SchemeRefused, Rejection::BadUrl, r#"{"url":["scheme is not allowed"]}"#),
            (Fault::DomainBlank, Rejection::BadField, r#"{"domain":["can't be blank"]}"#),
            (Fault::DomainInvalid, Rejection::BadField, r#"{"domain":["is invalid"]}"#),
            (Fault::DomainsTooMany, Rejection::BadField, r#"{"domain":["should have at most 10 item(s)"]}"#),
            (Fault::NameBlank, Rejection::BadField, r#"{"event_name":["can't be blank"]}"#),
            (Fault::NameInvalid, Rejection::BadField, r#"{"event_name":["is invalid"]}"#),
            (
                Fault::EngagementMissing,
                Rejection::BadField,
                r#"{"engagement_time":["can't be blank when the scroll depth is"]}"#,
            ),
        ];
        for (fault, rejection, errors) in cases {
            let refusal = MessageRefusal::from(fault);
            assert_eq!(refusal.rejection(), rejection);
            assert_eq!(refusal.body(), format!("{{\"errors\":{errors}}}"));
            assert!(serde_json::from_str::<serde_json::Value>(&refusal.body()).is_ok());
        }
    }

    #[test]
    fn several_faults_stand_side_by_side() {
        let refusal = MessageRefusal::of(vec![Fault::UrlMissing, Fault::NameBlank], vec!["example.test".into()]);
        assert_eq!(refusal.rejection(), Rejection::BadUrl);
        assert_eq!(refusal.body(), r#"{"errors":{"url":["is required"],"event_name":["can't be blank"]}}"#);
    }
}
