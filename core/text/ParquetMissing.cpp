// SPDX-License-Identifier: GPL-3.0-or-later
// What stands for ParquetTexts.cpp and ParquetTable.cpp in a build without Arrow.
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "text/ParquetTable.h"
#include "text/ParquetTexts.h"

namespace secateur {
namespace {

[[noreturn]] void refuse(const std::filesystem::path &file)
{
    throw Error(inQuotes(file.string()) + " is a Parquet file, and this build has no Parquet support.",
                "Build with Arrow (CMake's SECATEUR_PARQUET=ON), or convert the file to .jsonl.");
}

} // namespace

struct ParquetTexts::State {};

ParquetTexts::ParquetTexts(const std::filesystem::path &file, const std::string &, const TextLimits &)
{
    refuse(file);
}

ParquetTexts::~ParquetTexts() = default;

std::optional<std::string> ParquetTexts::next()
{
    return {};
}

struct ParquetTable::State {};

ParquetTable::ParquetTable(const std::filesystem::path &file, const TextLimits &)
{
    refuse(file);
}

ParquetTable::~ParquetTable() = default;
ParquetTable::ParquetTable(ParquetTable &&) noexcept = default;
ParquetTable &ParquetTable::operator=(ParquetTable &&) noexcept = default;

std::vector<std::string> ParquetTable::columns() const
{
    return {};
}

void ParquetTable::choose(const std::vector<std::string> &) {}

std::optional<nlohmann::json> ParquetTable::next()
{
    return {};
}

} // namespace secateur
