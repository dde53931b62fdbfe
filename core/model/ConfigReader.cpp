// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/ConfigReader.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <cmath>

namespace secateur {

namespace {

bool isPositive(const nlohmann::json &value)
{
    return value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() > 0;
}

} // namespace

ConfigReader::ConfigReader(const nlohmann::json &object, std::string source, std::string prefix)
    : m_object(object),
      m_source(std::move(source)),
      m_prefix(std::move(prefix))
{
}

std::string ConfigReader::called(const std::string &field) const
{
    return inQuotes(m_prefix + field);
}

bool ConfigReader::has(const std::string &field) const
{
    const auto value = m_object.find(field);
    return value != m_object.end() && !value->is_null();
}

std::string ConfigReader::shown(const std::string &field) const
{
    constexpr std::size_t kLongest = 80;
    if (!has(field))
        return "absent";
    std::string text = m_object.at(field).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() > kLongest)
        text = text.substr(0, kLongest) + "...";
    return text;
}

void ConfigReader::reject(const std::string &field, const std::string &demand)
{
    note(has(field) ? called(field) + " is " + shown(field) + "; it must be " + demand
                    : called(field) + " is missing; it must be " + demand);
}

std::int64_t ConfigReader::count(const std::string &field, std::optional<std::int64_t> absent, std::int64_t largest)
{
    if (!has(field) && absent)
        return *absent;
    // Integers above the range of 64 bits with a sign are stored without one.
    if (has(field) && m_object.at(field).is_number_integer()) {
        const nlohmann::json &value = m_object.at(field);
        const bool fits = !value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t(largest);
        if (fits && value.get<std::int64_t>() >= 1 && value.get<std::int64_t>() <= largest)
            return value.get<std::int64_t>();
    }
    reject(field, "an integer from 1 to " + grouped(std::uint64_t(largest)));
    return 1;
}

double ConfigReader::positive(const std::string &field, std::optional<double> absent)
{
    if (!has(field) && absent)
        return *absent;
    if (has(field) && isPositive(m_object.at(field)))
        return m_object.at(field).get<double>();
    reject(field, "a number above 0");
    return 1;
}

std::optional<double> ConfigReader::optionalPositive(const std::string &field)
{
    return has(field) ? std::optional(positive(field, {})) : std::nullopt;
}

std::optional<double> ConfigReader::positiveUnlessZero(const std::string &field)
{
    return has(field) && m_object.at(field) == 0 ? std::nullopt : optionalPositive(field);
}

bool ConfigReader::flag(const std::string &field, bool absent)
{
    if (!has(field))
        return absent;
    if (m_object.at(field).is_boolean())
        return m_object.at(field).get<bool>();
    reject(field, "true or false");
    return absent;
}

std::string ConfigReader::text(const std::string &field, const std::string &absent)
{
    if (!has(field))
        return absent;
    if (m_object.at(field).is_string())
        return m_object.at(field).get<std::string>();
    reject(field, "a string");
    return absent;
}

std::vector<double> ConfigReader::positives(const std::string &field, std::size_t size)
{
    std::vector<double> numbers;
    if (has(field) && m_object.at(field).is_array() && m_object.at(field).size() == size) {
        for (const auto &value : m_object.at(field))
            if (isPositive(value))
                numbers.push_back(value.get<double>());
        if (numbers.size() == size)
            return numbers;
    }
    reject(field, "a list of " + std::to_string(size) + " numbers above 0, one per pair of dimensions of a head");
    return std::vector<double>(size, 1.0);
}

void ConfigReader::allowOnly(const std::vector<std::string> &known)
{
    for (const auto &[field, value] : m_object.items())
        if (std::find(known.begin(), known.end(), field) == known.end())
            note(called(field) + " is " + shown(field) + "; this field is not supported");
}

void ConfigReader::ignoreAllBut(const std::vector<std::string> &known, const std::string &forWhat)
{
    for (const auto &[field, value] : m_object.items()) {
        if (std::find(known.begin(), known.end(), field) != known.end() || value.is_null())
            continue;
        if (value.is_object())
            note(called(field) + " is " + shown(field) + "; this field is not supported");
        else
            remark(called(field) + " (" + shown(field) + ") has no meaning " + forWhat + " and is not used");
    }
}

void ConfigReader::noteAll(const ConfigReader &other)
{
    m_problems.insert(m_problems.end(), other.m_problems.begin(), other.m_problems.end());
    m_remarks.insert(m_remarks.end(), other.m_remarks.begin(), other.m_remarks.end());
}

void ConfigReader::note(const std::string &problem, const std::string &hint)
{
    m_problems.push_back(problem);
    if (!hint.empty())
        m_hint = hint;
}

void ConfigReader::throwIfAny() const
{
    if (m_problems.empty())
        return;
    if (m_problems.size() == 1)
        throw Error(inQuotes(m_source) + ": " + m_problems.front() + ".", m_hint);
    throw Error(inQuotes(m_source) + " has " + std::to_string(m_problems.size()) + " problems:\n  " + listed(m_problems, 20, "\n  "),
                m_hint);
}

} // namespace secateur
