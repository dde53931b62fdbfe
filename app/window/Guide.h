// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

#include <filesystem>
#include <vector>

namespace secateur::ui {

/// A page of the user guide: a file NAME.html of `resources/guide`.
///
/// In its HTML `<b class="action">Name</b>` names an action of the menus, `<kbd>` behind it in brackets the keys of that action, and `<b class="key">` keys that
/// are no action's. `<p class="picture">` holds one picture of the folder `pictures`, and is left out where that is not there.
struct GuidePage {
    QString id;    ///< name of the file, without its ending
    QString title; ///< of its <title>
    QString html;  ///< to be shown, with only the pictures that are there
    QString text;  ///< its words, for the search
};

/// The pages in the order of the contents; empty where the guide is not installed.
std::vector<GuidePage> guidePagesIn(const std::filesystem::path &folder);

/// How often a page has one of the words; 0 where it lacks one of them. Case does not matter.
int hitsIn(const GuidePage &page, const QStringList &words);

} // namespace secateur::ui
