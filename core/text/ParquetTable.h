// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TextLimits.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// The rows of some columns of a Parquet file, each as a JSON object: texts, whole numbers of any width, true and false, lists and structs of these, any of
/// them in dictionaries. Read a few rows at a time, as ParquetTexts does; in a build without Arrow every file is refused.
class ParquetTable {
public:
    /// Throws Error when the file is damaged.
    explicit ParquetTable(const std::filesystem::path &file, const TextLimits &limits = {});
    ~ParquetTable();
    ParquetTable(ParquetTable &&) noexcept;
    ParquetTable &operator=(ParquetTable &&) noexcept;

    /// Their names, in the order of the file.
    std::vector<std::string> columns() const;
    /// Which of them are read; the others are not even unpacked. To be called once, before next(). Throws Error for one that is there twice or holds
    /// what has no form in JSON here; those that are not there are passed over.
    void choose(const std::vector<std::string> &columns);
    /// The next row; none at the end. Throws what ParquetTexts::next() throws.
    std::optional<nlohmann::json> next();

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace secateur
