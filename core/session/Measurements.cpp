// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/Measurements.h"

#include "foundation/Failures.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <utility>

namespace secateur {

const char *nameOf(Measured what)
{
    return std::ranges::find(kMeasured, what, &MeasuredRow::what)->name;
}

Measured measuredOf(const std::string &name)
{
    const auto row = std::ranges::find(kMeasured, name, &MeasuredRow::name);
    return row != kMeasured.end() ? row->what : throw Flaw("it measures " + inQuotes(name) + ", which this version does not know");
}

bool noteContent(std::vector<ReadText> &read, const TextSettings &text, const std::string &tokenHash)
{
    const auto known = std::ranges::find(read, text, &ReadText::text);
    if (known == read.end()) {
        read.push_back({.text = text, .tokenHash = tokenHash});
        return true;
    }
    return std::exchange(known->tokenHash, tokenHash) != tokenHash;
}

std::string contentOf(const std::vector<ReadText> &read, const TextSettings &text)
{
    const auto known = std::ranges::find(read, text, &ReadText::text);
    return known != read.end() ? known->tokenHash : std::string();
}

bool isOn(const Measurement &measurement, const TextSettings &text, const std::vector<ReadText> &read)
{
    const std::string content = contentOf(read, text);
    return content.empty() ? measurement.text == text : measurement.result.tokenHash == content && measurement.result.length == text.length;
}

bool areOnSameContent(const Measurement &one, const Measurement &other)
{
    return one.result.tokenHash == other.result.tokenHash && one.result.length == other.result.length;
}

bool areComputedAlike(const Measurement &one, const Measurement &other)
{
    return differenceOf(one.computed, other.computed).isNone();
}

void addMeasurement(std::vector<Measurement> &all, Measurement added)
{
    std::erase_if(all, [&](const Measurement &old) {
        return old.what == added.what && old.planHash == added.planHash && old.isOrderBorrowed == added.isOrderBorrowed &&
               areOnSameContent(old, added) && areComputedAlike(old, added);
    });
    all.push_back(std::move(added));
}

bool isMeasured(const Session &session, Measured what, const std::string &planHash, const ComputeConditions &now)
{
    return std::ranges::any_of(session.measurements, [&](const Measurement &m) {
        return m.what == what && m.planHash == planHash && isOn(m, session.evaluationText, session.readTexts) &&
               differenceOf(m.computed, now).isNone();
    });
}

const Measurement *originalFor(const std::vector<Measurement> &all, const Measurement &one)
{
    const Measurement *alike = nullptr, *latest = nullptr;
    for (const Measurement &other : all)
        if (other.planHash.empty() && other.what == one.what && areOnSameContent(other, one)) {
            latest = &other;
            if (areComputedAlike(other, one))
                alike = &other;
        }
    return alike ? alike : latest;
}

} // namespace secateur
