// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtTest>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

namespace secateur::test {

inline std::string contentOf(const std::filesystem::path &file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline nlohmann::json jsonOf(const std::filesystem::path &file)
{
    return nlohmann::json::parse(contentOf(file));
}

inline std::filesystem::path write(const QTemporaryDir &folder, const std::string &name, const std::string &content)
{
    const auto file = std::filesystem::path(folder.path().toStdString()) / name;
    std::ofstream(file, std::ios::binary) << content;
    return file;
}

/// What an Error says, its hint behind it; empty when `function` throws none.
template <typename Failure, typename Function>
std::string messageOf(Function &&function)
{
    try {
        function();
    } catch (const Failure &error) {
        return std::string(error.what()) + " " + error.hint();
    }
    return {};
}

} // namespace secateur::test

/// Checks that `text` contains `part`, and shows both when it does not.
#define VERIFY_CONTAINS(text, part)                                                                                                        \
    QVERIFY2((text).find(part) != std::string::npos, qPrintable(QString::fromStdString("'" + (text) + "' lacks '" + (part) + "'")))
