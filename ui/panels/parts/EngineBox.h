// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exporting/Export.h"
#include "theme/ChoiceBox.h"

#include <QString>

namespace secateur::ui {

class SessionModel;

/// Asks for the program in which the model will be used. One choice for all of them: whoever has several tells each what was chosen in another. Until
/// people choose, it is the first program that loads files like the model's.
class EngineBox : public ChoiceBox {
    Q_OBJECT
public:
    explicit EngineBox(const SessionModel &session, QWidget *parent = nullptr);

    const ExportEngine &engine() const;
    /// What was chosen elsewhere, by its name; one that this version does not know counts as none.
    void setChosen(const QString &name);

signals:
    void chosen(const QString &name); ///< by people, here

private:
    void follow();

    const SessionModel &m_session;
    int m_chosen = -1; ///< index in exportEngines(); -1 = nobody has chosen yet
};

} // namespace secateur::ui
