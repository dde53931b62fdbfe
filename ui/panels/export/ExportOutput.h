// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/SparsityBalance.h"

#include <QString>
#include <optional>

namespace secateur::ui {

/// Why an export would refuse a folder at once, and what to do about it. Only looks: nothing is made or touched.
struct OutputProblem {
    QString sentence, remedy; ///< both empty when the folder will do
};

/// Whether an older export may be replaced.
enum class Replacing {
    NotOffered, ///< there is no way to ask for it
    Offered,    ///< by a tick that is not set
    Allowed,
};

/// `bytes`: what will be written. `model`: the folder that is read.
OutputProblem outputProblem(const QString &folder, Replacing replacing, const QString &model, qint64 bytes);

/// What a folder for a pruned model is called: after the method, and the sparsity that was asked for; where K was set by hand, the one that it comes to.
QString exportName(const QString &model, const BalanceSettings &asked, const std::optional<SparsityBalance> &reached,
                   const QString &method = QStringLiteral("2ssp"));

/// What people typed as an absolute path: "~" is the home folder, and relative names lie in it.
QString outputPath(const QString &typed);

/// A path that nothing has yet: the given one, or the first of "NAME-2", "NAME-3" ... that is free.
QString freeName(const QString &path);

/// Bytes free where a folder is to be made; -1 when that is not known.
qint64 freeBytesFor(const QString &folder);

} // namespace secateur::ui
