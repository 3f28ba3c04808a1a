//! Places in a flow's settings that are filled in when a run begins.

use super::{FlowSettings, RawSettings};
use crate::{
    invalid::Invalid,
    step::{Placeholder, Reading, Values, template},
};

impl FlowSettings {
    /// The places that are filled in before a browser is started.
    #[must_use]
    pub fn places(&self) -> Vec<Placeholder> {
        let readings = readings(self.written()).into_iter();
        readings
            .filter_map(|(_, reading)| match reading {
                Reading::Place(place) => Some(place),
                _ => None,
            })
            .collect()
    }

    /// The settings with their places filled in.
    ///
    /// # Errors
    /// A place has no value, or one that does not fit.
    pub fn filled(&self, values: &Values) -> Result<Self, Invalid> {
        let mut filled = self.written().clone();
        for (field, text) in texts(&mut filled) {
            *text = template::filled(text, |place| values.value(place))
                .map_err(|why| Invalid::field(field, why))?;
        }
        filled.parse()
    }
}

/// What settings hold between braces, and in which fields.
pub(crate) fn readings(settings: &RawSettings) -> Vec<(String, Reading)> {
    let mut settings = settings.clone();
    texts(&mut settings)
        .into_iter()
        .flat_map(|(field, text)| {
            template::readings(text).into_iter().map(move |reading| (field.clone(), reading))
        })
        .collect()
}

/// The fields in which places may stand: all of them go to the site, and none is shown.
fn texts(settings: &mut RawSettings) -> Vec<(String, &mut String)> {
    let mut texts = Vec::new();
    for (name, value) in settings.headers.iter_mut().flatten() {
        texts.push((format!("headers.{name}"), value));
    }
    for (index, cookie) in settings.cookies.iter_mut().flatten().enumerate() {
        texts.push((format!("cookies[{index}]"), cookie));
    }
    if let Some(auth) = &mut settings.basic_auth {
        texts.push(("basic_auth.username".to_owned(), &mut auth.username));
        texts.extend(auth.password.as_mut().map(|p| ("basic_auth.password".to_owned(), p)));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretValue;

    #[test]
    fn what_goes_to_the_site_is_filled_in() {
        let written = serde_json::json!({
            "headers": {"Authorization": "Bearer {{ secret.TOKEN }}", "X-Plain": "{{ x }}"},
            "cookies": ["a={{ var.name }}; Path=/"],
            "basic_auth": {"username": "ann", "password": "{{ secret.TOKEN }}"},
            "variables": {"name": "value"},
        });
        let raw: RawSettings = serde_json::from_value(written).unwrap();
        let settings = raw.parse().unwrap();
        let names: Vec<_> = settings.places().iter().map(Placeholder::written).collect();
        let token = "{{ secret.TOKEN }}";
        assert_eq!(names, [token, "{{ var.name }}", token]);
        let mut values = Values { variables: settings.variables.clone(), ..Values::default() };
        let missing = settings.filled(&values).unwrap_err();
        assert_eq!(missing.errors()[0].field, "headers.Authorization");
        let name = "TOKEN".parse().unwrap();
        values.secrets.insert(name, SecretValue::new("hunter2".to_owned()));
        let browser = settings.filled(&values).unwrap().browser;
        assert_eq!(browser.headers[0].value, "Bearer hunter2");
        assert_eq!(browser.headers[1].value, "{{ x }}");
        assert_eq!(browser.cookies[0].value, "value");
        assert_eq!(browser.basic_auth.unwrap().password, "hunter2");
        values.secrets.insert("TOKEN".parse().unwrap(), SecretValue::new("a\nb".to_owned()));
        assert!(settings.filled(&values).is_err(), "no header has a line break");
    }
}
