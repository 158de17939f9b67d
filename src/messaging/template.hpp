#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rmqha::amqp {
struct Delivery;
}

namespace rmqha::messaging {

/// Text with fields in it: "user.{country}"; "{{" and "}}" stand for braces. Immutable once made; thread-safe.
class Template {
public:
    struct Options {
        bool escapes = false; ///< read \n, \t, \r, \0 and \\ as in C
    };
    /// Throws base::Error(usage) pointing at what cannot be: a brace without its partner, an empty field.
    Template(std::string_view text, Options const& options);

    /// The fields' names in their order, repeated as they are.
    std::vector<std::string> fields() const;
    bool has_fields() const;

    /// The text with each field replaced by what `append` adds for it.
    void render(std::string& out, std::function<void(std::string const& field, std::string& out)> const& append) const;

private:
    struct Part {
        std::string text;
        bool field = false;
    };
    std::vector<Part> m_parts;
};

/// A routing key made from each message's body: {user.id} is a member of the body's JSON object, {1}, {2}, … its words,
/// divided by white space as awk counts them. A string stands for itself, numbers, true and false as JSON writes them.
class KeyTemplate {
public:
    /// Throws base::Error(usage).
    explicit KeyTemplate(std::string_view text);

    bool has_fields() const { return m_template.has_fields(); }
    /// Throws base::Error(data) with the reason alone: no JSON, no such member, no such word, nothing that can be in a
    /// key (an object, an array, null), a key longer than AMQP's 255 bytes.
    std::string render(std::string_view body) const;

private:
    Template m_template;
    bool m_wants_json = false;
};

/// How a received message is written out: {body}, {exchange}, {routing_key}, {redelivered}, the properties by name
/// ({message_id}, {content_type}, …), {headers.NAME} and {body.MEMBER}, a member of the body's JSON object. What a
/// message does not have leaves nothing; objects and arrays are written as JSON.
class DeliveryTemplate {
public:
    /// Throws base::Error(usage), naming the nearest field for one that cannot be.
    explicit DeliveryTemplate(std::string_view text);

    void render(amqp::Delivery const& delivery, std::string& out) const;

private:
    Template m_template;
    bool m_wants_json = false;
};

} // namespace rmqha::messaging
