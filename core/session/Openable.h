// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace secateur {

/// What people open, by what a path leads to.
enum class Openable { Model, Session, Plan, Scores };

/// Whatever it is called: a plan is a file of JSON that holds one, or a manifest, or a safetensors file of weights that it changes; scores are those of
/// `calibrate`. A .json file that is no file of a model is taken for a plan, and what is nothing of all this, nor a session, for a model: whoever opens it says
/// what is wrong. Reads the beginning of a file, all of it where that is JSON; throws nothing.
Openable openableAt(const std::filesystem::path &path);

/// The model that a manifest was made from, where it is on this computer: the folder in its command, or one of that name in the Hugging Face
/// cache. Empty where the file tells of none, as a plan does. Throws nothing.
std::filesystem::path modelNamedIn(const std::filesystem::path &file);

} // namespace secateur
