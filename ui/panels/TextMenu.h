// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/KnownTexts.h"

#include <QMenu>
#include <QStringList>

namespace secateur::ui {

/// The texts that are at hand: the bundled one, the data sets that papers use, and those chosen before. Data sets are looked for each time
/// it opens; one that is not on this computer is offered with how to get it.
class TextMenu : public QMenu {
    Q_OBJECT
public:
    explicit TextMenu(QWidget *parent = nullptr);

    /// Which part of a data set is wanted.
    void setUse(TextUse use) { m_use = use; }
    void setRecentTexts(const QStringList &files) { m_recent = files; }
    void setSampleText(const QString &file) { m_sample = file; } ///< empty = there is none

signals:
    void chosen(const QString &file);
    /// A data set was asked for that is not there: why, and the command that fetches it.
    void missing(const QString &sentence, const QString &command);

private:
    void fill();
    void addDataSet(const KnownText &text);
    /// `where` stands beside the name.
    QAction *addText(const QString &name, const QString &where);

    TextUse m_use = TextUse::Calibration;
    QStringList m_recent;
    QString m_sample;
};

} // namespace secateur::ui
