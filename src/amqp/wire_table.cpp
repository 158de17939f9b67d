#include "amqp/codec.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rmqha::amqp {

namespace {

Value value_of(amqp_field_value_t const& wire)
{
    auto const integer = [](auto number) { return Value{static_cast<std::int64_t>(number)}; };
    switch (wire.kind) {
    case AMQP_FIELD_KIND_BOOLEAN:
        return {wire.value.boolean != 0};
    case AMQP_FIELD_KIND_I8:
        return integer(wire.value.i8);
    case AMQP_FIELD_KIND_U8:
        return integer(wire.value.u8);
    case AMQP_FIELD_KIND_I16:
        return integer(wire.value.i16);
    case AMQP_FIELD_KIND_U16:
        return integer(wire.value.u16);
    case AMQP_FIELD_KIND_I32:
        return integer(wire.value.i32);
    case AMQP_FIELD_KIND_U32:
        return integer(wire.value.u32);
    case AMQP_FIELD_KIND_I64:
        return integer(wire.value.i64);
    case AMQP_FIELD_KIND_U64:
        return integer(std::min<std::uint64_t>(wire.value.u64, std::numeric_limits<std::int64_t>::max()));
    case AMQP_FIELD_KIND_F32:
        return {static_cast<double>(wire.value.f32)};
    case AMQP_FIELD_KIND_F64:
        return {wire.value.f64};
    case AMQP_FIELD_KIND_DECIMAL: {
        auto number = static_cast<double>(wire.value.decimal.value);
        for (int i = 0; i < wire.value.decimal.decimals; ++i) {
            number /= 10;
        }
        return {number};
    }
    case AMQP_FIELD_KIND_UTF8:
        return {text(wire.value.bytes)};
    case AMQP_FIELD_KIND_BYTES:
        return {Binary{text(wire.value.bytes)}};
    case AMQP_FIELD_KIND_TIMESTAMP:
        return {Timestamp{wire.value.u64}};
    case AMQP_FIELD_KIND_TABLE:
        return {table_of(wire.value.table)};
    case AMQP_FIELD_KIND_ARRAY: {
        Array array;
        for (int i = 0; i < wire.value.array.num_entries; ++i) {
            array.push_back(value_of(wire.value.array.entries[i]));
        }
        return {std::move(array)};
    }
    default:
        return {};
    }
}

} // namespace

Table table_of(amqp_table_t const& wire)
{
    Table table;
    table.reserve(static_cast<std::size_t>(std::max(wire.num_entries, 0)));
    for (int i = 0; i < wire.num_entries; ++i) {
        table.push_back({text(wire.entries[i].key), value_of(wire.entries[i].value)});
    }
    return table;
}

WireTable::WireTable(Table const& table)
{
    constexpr std::size_t k_longest_name = 255; // rabbitmq-c would cut the size, not the name, and garble the frame
    m_entries.reserve(table.size());
    for (auto const& field : table) {
        if (field.name.size() > k_longest_name) {
            base::fail(base::ExitCode::data, "\"{}...\": the name of a header or argument is longer than {} bytes",
                       field.name.substr(0, 20), k_longest_name);
        }
        m_entries.push_back({bytes_of(field.name), value_of(field.value)});
    }
}

amqp_field_value_t WireTable::value_of(Value const& value)
{
    amqp_field_value_t wire{};
    auto const set = [&](auto kind) -> auto&
    {
        wire.kind = static_cast<std::uint8_t>(kind);
        return wire.value;
    };
    if (auto const* const boolean = std::get_if<bool>(&value.data)) {
        set(AMQP_FIELD_KIND_BOOLEAN).boolean = *boolean ? 1 : 0;
    } else if (auto const* const integer = std::get_if<std::int64_t>(&value.data)) {
        set(AMQP_FIELD_KIND_I64).i64 = *integer;
    } else if (auto const* const number = std::get_if<double>(&value.data)) {
        if (!std::isfinite(*number)) { // RabbitMQ 4.0 closes the connection over it (541): Erlang has no such number
            base::fail(base::ExitCode::data, "{}: the broker cannot read a header or argument that is no finite number",
                       *number);
        }
        set(AMQP_FIELD_KIND_F64).f64 = *number;
    } else if (auto const* const string = std::get_if<std::string>(&value.data)) {
        set(AMQP_FIELD_KIND_UTF8).bytes = bytes_of(*string);
    } else if (auto const* const binary = std::get_if<Binary>(&value.data)) {
        set(AMQP_FIELD_KIND_BYTES).bytes = bytes_of(binary->bytes);
    } else if (auto const* const time = std::get_if<Timestamp>(&value.data)) {
        set(AMQP_FIELD_KIND_TIMESTAMP).u64 = time->seconds;
    } else if (auto const* const table = std::get_if<Table>(&value.data)) {
        m_tables.emplace_back(*table);
        set(AMQP_FIELD_KIND_TABLE).table = m_tables.back().get(); // its entries keep their place when m_tables grows
    } else if (auto const* const array = std::get_if<Array>(&value.data)) {
        std::vector<amqp_field_value_t> values;
        values.reserve(array->size());
        for (auto const& element : *array) {
            values.push_back(value_of(element));
        }
        m_arrays.push_back(std::move(values));
        set(AMQP_FIELD_KIND_ARRAY).array = {static_cast<int>(m_arrays.back().size()), m_arrays.back().data()};
    } else {
        set(AMQP_FIELD_KIND_VOID);
    }
    return wire;
}

} // namespace rmqha::amqp
