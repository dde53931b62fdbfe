// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/PlaygroundRun.h"
#include "panels/parts/Workbench.h"

#include <QString>
#include <QStringList>
#include <QWidget>
#include <string>
#include <vector>

class QCheckBox;
class QComboBox;

namespace secateur::ui {

class SessionModel;

/// Which models the playground asks: the original, the plan in hand, and one that is pinned or on the shelf.
class AskedModels : public QWidget {
    Q_OBJECT
public:
    explicit AskedModels(Workbench workbench, QWidget *parent = nullptr);

    /// In the order of their columns: the original, the plan in hand, the other one.
    PlaygroundModels models() const;
    /// Whether the original must be asked, because the others are compared with it: `why`.
    void setOriginalNeeded(bool isNeeded, const QString &why);

signals:
    void changed(); ///< models()

private:
    /// A plan that may be asked beside the one in hand.
    struct Other {
        QString name;
        PlanDraft draft;
        bool operator==(const Other &) const = default;
    };

    void follow();
    void followOthers();
    std::vector<Other> others() const;

    Workbench m_workbench;
    QCheckBox *m_original, *m_current;
    QComboBox *m_other;
    std::vector<Other> m_others; ///< as the box lists them, behind "none"
    bool m_isOriginalNeeded = false, m_isPlanWanted = true;
    QString m_why;
};

/// What people call a model that was asked: "Original", "This plan" for the one in hand, the name of a pin or of the shelf, else what it keeps. A result of a
/// plan that is in hand no longer never is "This plan". `hash`: of the plan as it was asked.
QString askedName(const SessionModel &session, const std::optional<PlanDraft> &draft, const std::string &hash);
/// The names of all, those that are alike told apart by numbers.
QStringList askedNames(const SessionModel &session, const PlaygroundRun &run);
/// Whether a plan that was asked is the one in hand.
bool isInHand(const SessionModel &session, const std::optional<PlanDraft> &draft, const std::string &hash);

} // namespace secateur::ui
