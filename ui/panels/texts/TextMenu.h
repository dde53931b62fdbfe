// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/KnownTexts.h"

#include <QFutureWatcher>
#include <QMenu>
#include <QStringList>

#include <optional>
#include <vector>

namespace secateur::ui {

/// The texts that are at hand: the data sets that papers use, and those chosen before. Data sets are looked for each time it opens, in the
/// background: until that is done it shows those that were found before. One that is not on this computer is offered with how to get it.
class TextMenu : public QMenu {
    Q_OBJECT
public:
    explicit TextMenu(QWidget *parent = nullptr);

    /// Which part of a data set is wanted.
    void setUse(TextUse use);
    void setRecentTexts(const QStringList &files) { m_recent = files; }

signals:
    void chosen(const QString &file);
    void knownChosen(const QString &file, qint64 documents); ///< a data set, and how many of its documents papers take; 0 = all
    /// A data set was asked for that is not there: why, and the command that fetches it.
    void missing(const QString &sentence, const QString &command);

private:
    void fill();
    void look();
    void takeFindings();
    void showDataSets();
    QAction *dataSetAction(const KnownText &text);
    /// `where` stands beside the name.
    QAction *textAction(const QString &name, const QString &where);

    TextUse m_use = TextUse::Calibration;
    QFutureWatcher<std::vector<KnownText>> m_findings;
    std::optional<TextUse> m_lookedFor;            ///< what the look under way is for
    std::optional<std::vector<KnownText>> m_known; ///< none before the first look for this use
    QString m_problem;                             ///< why the last look failed
    QList<QAction *> m_dataSets;                   ///< their entries
    QAction *m_behind = nullptr;                   ///< the entry behind them
    QStringList m_recent;
};

} // namespace secateur::ui
