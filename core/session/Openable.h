// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace secateur {

/// What people open, by what a path leads to.
enum class Openable { Model, Session, Plan, Scores };

/// A plan is a file of JSON that holds one, or a manifest, or at least is no file of a model, or one with changed weights; scores are those of
/// `calibrate`. What is neither, nor a session, is taken for a model: whoever opens it says what is wrong. Reads the file where its name does
/// not tell; throws nothing.
Openable openableAt(const std::filesystem::path &path);

/// The model that a manifest was made from, where it is on this computer: the folder in its command, or one of that name in the Hugging Face
/// cache. Empty where the file tells of none, as a plan does. Throws nothing.
std::filesystem::path modelNamedIn(const std::filesystem::path &file);

} // namespace secateur
