// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/SafetensorsHeader.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

namespace secateur {

namespace {

constexpr std::size_t kMostDimensions = 64; // Torch's own bound

/// Takes the parser's events and accepts only what the format allows; every state knows which events may come.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
public:
    HeaderReader(SafetensorsHeader &header, const std::filesystem::path &file) : m_header(header), m_file(file) {}

    bool null() override
    {
        return (m_state == State::Top && m_field == "__metadata__") || unexpected("null"); // the reference implementation takes it for none
    }

    bool boolean(bool value) override { return unexpected(value ? "true" : "false"); }
    bool number_float(double, const std::string &text) override { return unexpected(text); }
    bool binary(binary_t &) override { return unexpected("binary data"); }

    bool number_integer(std::int64_t value) override
    {
        return value < 0 ? unexpected(std::to_string(value)) : number_unsigned(static_cast<std::uint64_t>(value));
    }

    bool number_unsigned(std::uint64_t value) override
    {
        if (m_state != State::Shape && m_state != State::Offsets)
            return unexpected(std::to_string(value));
        if (value > std::uint64_t(std::numeric_limits<std::int64_t>::max()))
            return fail(place() + " holds " + std::to_string(value) + ", which is out of range");
        if (m_state == State::Shape) {
            entry().shape.push_back(std::int64_t(value));
            return entry().shape.size() <= kMostDimensions || fail(place() + " has more than 64 dimensions");
        }
        if (m_offsets == 2)
            return fail(place() + " must be two numbers, it has more");
        (m_offsets++ == 0 ? entry().begin : entry().end) = value;
        return true;
    }

    bool string(std::string &value) override
    {
        if (m_state == State::Metadata) {
            m_header.metadata[m_field] = value;
            return true;
        }
        if (m_state != State::Tensor || m_field != "dtype")
            return unexpected(inQuotes(value));
        entry().dtype = value;
        return true;
    }

    bool start_object(std::size_t) override
    {
        if (m_state == State::Start) {
            m_state = State::Top;
        } else if (m_state == State::Top && m_field == "__metadata__") {
            m_state = State::Metadata;
        } else if (m_state == State::Top) {
            m_header.entries.push_back({.name = m_field, .dtype = {}, .shape = {}});
            m_hasDtype = m_hasShape = m_hasOffsets = false;
            m_offsets = 0;
            m_state = State::Tensor;
        } else {
            return unexpected("an object");
        }
        return true;
    }

    bool key(std::string &value) override
    {
        m_field = value;
        if (m_state == State::Metadata)
            return !m_header.metadata.contains(value) || fail("the key " + inQuotes(value) + " of __metadata__ appears twice");
        if (m_state == State::Top)
            return m_names.insert(value).second || fail("the name " + inQuotes(value) + " appears twice");
        bool *seen = value == "dtype" ? &m_hasDtype : value == "shape" ? &m_hasShape : value == "data_offsets" ? &m_hasOffsets : nullptr;
        if (!seen)
            return fail(tensor() + " has the unknown field " + inQuotes(value));
        if (*seen)
            return fail(tensor() + " has the field " + inQuotes(value) + " twice");
        return *seen = true;
    }

    bool end_object() override
    {
        if (m_state == State::Tensor) {
            const char *missing = !m_hasDtype ? "dtype" : !m_hasShape ? "shape" : !m_hasOffsets ? "data_offsets" : nullptr;
            if (missing)
                return fail(tensor() + " has no field " + inQuotes(missing));
        }
        m_state = m_state == State::Top ? State::End : State::Top;
        return true;
    }

    bool start_array(std::size_t) override
    {
        if (m_state != State::Tensor || m_field == "dtype")
            return unexpected("a list");
        m_state = m_field == "shape" ? State::Shape : State::Offsets;
        return true;
    }

    bool end_array() override
    {
        if (m_state == State::Offsets && m_offsets != 2)
            return fail(place() + " must be two numbers, it has " + std::to_string(m_offsets));
        m_state = State::Tensor;
        return true;
    }

    bool parse_error(std::size_t position, const std::string &, const nlohmann::detail::exception &) override
    {
        return fail("its header is not valid JSON (at byte " + grouped(position) + " of the header)");
    }

private:
    enum class State { Start, Top, Metadata, Tensor, Shape, Offsets, End };

    [[noreturn]] bool fail(const std::string &cause) const
    {
        throw Error(inQuotes(m_file.string()) + " is not a valid safetensors file: " + cause + ".",
                    "The file is damaged or was written by faulty software; download or write it again.");
    }

    [[noreturn]] bool unexpected(const std::string &value) const { fail(place() + " may not be " + value); }

    SafetensorsHeader::Entry &entry() const { return m_header.entries.back(); }
    std::string tensor() const { return "tensor " + inQuotes(entry().name); }

    std::string place() const
    {
        switch (m_state) {
        case State::Start:
        case State::End:
            return "its header must be one JSON object, it";
        case State::Top:
            return "the entry " + inQuotes(m_field);
        case State::Metadata:
            return "the key " + inQuotes(m_field) + " of __metadata__ must be a string, it";
        default:
            return "the field " + inQuotes(m_field) + " of " + tensor();
        }
    }

    SafetensorsHeader &m_header;
    const std::filesystem::path &m_file;
    State m_state = State::Start;
    std::string m_field;
    std::unordered_set<std::string> m_names;
    bool m_hasDtype = false;
    bool m_hasShape = false;
    bool m_hasOffsets = false;
    int m_offsets = 0;
};

} // namespace

SafetensorsHeader parseSafetensorsHeader(std::string_view text, const std::filesystem::path &file)
{
    SafetensorsHeader header;
    HeaderReader reader(header, file);
    nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
    return header;
}

} // namespace secateur
