// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "../text/TextFixtures.h"
#include "foundation/Error.h"
#include "tasks/TaskFiles.h"

#include <QtTest>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace secateur::test {

/// Items of our own in all forms, and what lm-evaluation-harness asks of them (tests/fixtures/make_tasks.py).
inline const std::filesystem::path kTaskFixtures = SECATEUR_FIXTURES "/tasks";
inline const std::filesystem::path kHeldTasks = SECATEUR_SHARED_DATA "/tasks";

inline TaskSettings settingsOf(std::vector<std::filesystem::path> paths, std::vector<std::string> only = {})
{
    TaskSettings settings;
    settings.paths = std::move(paths);
    settings.only = std::move(only);
    return settings;
}

inline std::vector<TaskSet> readTasks(std::vector<std::filesystem::path> paths, std::vector<std::string> only = {})
{
    return readTaskFiles(settingsOf(std::move(paths), std::move(only)), {}, {}, "/nowhere");
}

inline std::string failureOfTasks(std::vector<std::filesystem::path> paths, std::vector<std::string> only = {})
{
    return messageOf<Error>([&] { readTasks(std::move(paths), std::move(only)); });
}

inline std::vector<std::string> namesOf(const std::vector<TaskSet> &sets)
{
    std::vector<std::string> names;
    for (const TaskSet &set : sets)
        names.push_back(set.name);
    return names;
}

/// As expected.json has items.
inline nlohmann::json jsonOf(const TaskSet &set)
{
    nlohmann::json items = nlohmann::json::array();
    for (const TaskItem &item : set.items) {
        nlohmann::json choices = nlohmann::json::array();
        for (const TaskChoice &choice : item.choices)
            choices.push_back({choice.context, choice.continuation});
        items.push_back({{"choices", choices}, {"gold", item.gold}});
    }
    return items;
}

inline nlohmann::json expectedTasks()
{
    return jsonOf(kTaskFixtures / "expected.json");
}

} // namespace secateur::test
