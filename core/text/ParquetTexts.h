// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TextLimits.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secateur {

inline constexpr std::string_view kParquetMagic = "PAR1";          ///< the first four bytes of a Parquet file
inline constexpr std::string_view kEncryptedParquetMagic = "PARE"; ///< of one whose footer is encrypted

/// The texts of one column of a Parquet file, in the order of its rows. Row groups are read one after another and a few rows at a time, so
/// that a large file takes little memory. Rows that are null are passed over and counted, empty texts are texts.
///
/// The column must be at the top of the schema and hold strings (Arrow's string, large_string, string_view, or a dictionary of these).
/// Nothing else of the program knows that Arrow reads the file. In a build without it (SECATEUR_PARQUET off) every file is refused.
class ParquetTexts {
public:
    /// Throws Error when the file is damaged, when the column is missing (and names those that there are), or holds something else.
    ParquetTexts(const std::filesystem::path &file, const std::string &column, const TextLimits &limits = {});
    ~ParquetTexts();
    ParquetTexts(const ParquetTexts &) = delete;
    ParquetTexts &operator=(const ParquetTexts &) = delete;

    /// The next text; none at the end. Throws Error when the file is damaged, or its rows need more than half of the limit.
    std::optional<std::string> next();
    /// Rows that were null, up to the text given last.
    std::int64_t nulls() const { return m_nulls; }

private:
    struct State;
    std::unique_ptr<State> m_state;
    std::int64_t m_nulls = 0;
};

} // namespace secateur
