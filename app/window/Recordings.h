// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

#include <QString>

#include <filesystem>
#include <vector>

namespace secateur::ui {

/// A session that comes with the program, to be looked at and replayed.
struct Recording {
    QString name; ///< of the file, with spaces
    std::filesystem::path file;
    bool operator==(const Recording &) const = default;
};

/// Those in `resources/recordings`, by name; none where there is no such folder.
std::vector<Recording> recordingsIn(const std::filesystem::path &resources);

/// A recording names its model and its texts as they lie in the folder of the program's resources ("sample/model"): gives them their places on this machine.
/// What is named by an absolute path stays as it is.
void place(Session &recording, const std::filesystem::path &resources);

} // namespace secateur::ui
