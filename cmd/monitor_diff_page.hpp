#pragma once

#include "moments/difference.hpp"

#include <string>
#include <vector>

namespace rmqha::cmd {

/// Everything `monitor diff` has to tell; text and JSON are made of the same value.
struct Comparison {
    moments::Moment before;
    moments::Moment after;
    std::string before_from; ///< the file, or "now"
    std::string after_from;
    moments::Difference difference;
};

struct DiffPageOptions {
    int width = 80; ///< columns
    bool color = false;
};

/// Both moments, then what changed, at most twenty of a kind. Pure.
std::string diff_page(Comparison const& comparison, DiffPageOptions const& options);

/// The same as JSON text, schema_version 1, with all changes. Pure.
std::string diff_json(Comparison const& comparison);

/// A line of JSON for each change. Pure.
std::string diff_ndjson(Comparison const& comparison);

} // namespace rmqha::cmd
