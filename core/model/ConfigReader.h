// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// Reads fields of a JSON object and collects what is wrong with them, so that all problems can be told at once.
///
/// A getter that finds a problem notes it and returns a value of its range; nothing may be computed from the values before throwIfAny.
/// A field that is null counts as absent, as it does in transformers.
class ConfigReader {
public:
    /// `source` is what messages call the file, `prefix` the place of the object in it ("rope_scaling.", or empty).
    ConfigReader(const nlohmann::json &object, std::string source, std::string prefix = {});

    /// The field is there and not null.
    bool has(const std::string &field) const;
    /// The field is there, be it null.
    bool names(const std::string &field) const { return m_object.contains(field); }
    /// The value as the file writes it, cut when long.
    std::string shown(const std::string &field) const;

    /// An integer in [1, largest]; without a default it is required.
    std::int64_t count(const std::string &field, std::optional<std::int64_t> absent, std::int64_t largest = (std::int64_t(1) << 31) - 1);
    /// A finite number above zero; without a default it is required.
    double positive(const std::string &field, std::optional<double> absent);
    std::optional<double> optionalPositive(const std::string &field);
    bool flag(const std::string &field, bool absent);
    std::string text(const std::string &field, const std::string &absent);
    /// A list of exactly `size` finite numbers above zero; required.
    std::vector<double> positives(const std::string &field, std::size_t size);
    /// A number above zero; none where it is absent, null or 0.
    std::optional<double> positiveUnlessZero(const std::string &field);
    /// Notes every field whose name is not in the list.
    void allowOnly(const std::vector<std::string> &known);
    /// Remarks every field whose name is not in the list, because it has no meaning `forWhat`; notes it as a problem when it holds an object.
    void ignoreAllBut(const std::vector<std::string> &known, const std::string &forWhat);

    /// Notes a problem with a field: "'hidden_size' is 7; it must ...".
    void reject(const std::string &field, const std::string &demand);
    /// `hint`: the remedy, where it is another than to check the file.
    void note(const std::string &problem, const std::string &hint = {});
    /// Says something that is no problem.
    void remark(const std::string &text) { m_remarks.push_back(text); }
    const std::vector<std::string> &remarks() const { return m_remarks; }
    /// Takes over what another reader found.
    void noteAll(const ConfigReader &other);
    bool hasProblems() const { return !m_problems.empty(); }
    /// Throws one Error that lists all problems.
    void throwIfAny() const;

private:
    std::string called(const std::string &field) const;

    const nlohmann::json &m_object;
    std::string m_source;
    std::string m_prefix;
    std::vector<std::string> m_problems, m_remarks;
    std::string m_hint = "Check that the file belongs to the model and is complete.";
};

} // namespace secateur
