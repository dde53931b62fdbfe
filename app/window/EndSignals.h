// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

namespace secateur::ui {

/// SIGTERM, SIGINT (Ctrl+C in a terminal) and SIGHUP close the windows as their buttons do, so that a logout leaves no interrupted session
/// behind. One for a process; programs that it starts do not inherit any of it.
class EndSignals : public QObject {
    Q_OBJECT
public:
    /// Without a pipe to hear by (no descriptors are left), signals end the process at once as before.
    explicit EndSignals(QObject *parent = nullptr);
    ~EndSignals() override;
};

} // namespace secateur::ui
