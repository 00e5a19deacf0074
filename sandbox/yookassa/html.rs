//! Pages for people: a template, what goes into it, and headers that allow nothing else.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};

/// No script, nothing from elsewhere, forms to this address alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

/// A page as an answer.
pub fn page(status: StatusCode, page: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(page)
}

/// A template with `{{name}}` replaced, in one pass: what was filled in is not looked at again.
/// Values are HTML; a name without one becomes nothing.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut page = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = behind.split_once("}}") else {
            break;
        };
        let value = values.iter().find(|(known, _)| *known == name);
        page.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Text as HTML.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// `1234567.00` as a payer reads it.
pub fn sum(value: &str, currency: &str) -> String {
    let (whole, cents) = value.split_once('.').unwrap_or((value, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    let sign = if currency == "RUB" { "₽" } else { currency };
    format!("{grouped},{cents}\u{a0}{sign}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_grouped_for_people() {
        let millions = "1\u{a0}234\u{a0}567,50\u{a0}₽";
        assert_eq!(sum("1234567.50", "RUB"), millions);
        assert_eq!(sum("100.00", "USD"), "100,00\u{a0}USD");
    }

    #[test]
    fn nothing_from_outside_becomes_html_or_a_placeholder() {
        assert_eq!(escaped("<a href=\"'&"), "&lt;a href=&quot;&#39;&amp;");
        let filled = fill("{{a}} {{b}} {{none}}", &[("a", "{{b}}"), ("b", "x")]);
        assert_eq!(filled, "{{b}} x ");
    }
}
