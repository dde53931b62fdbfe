// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>

namespace secateur::ui {

/// A combo box whose list is as high as whole rows: all of them, or as many as may be shown at once. By itself it reckons without the padding that the
/// style sheet gives to rows, and cuts the last.
class ChoiceBox : public QComboBox {
    Q_OBJECT
public:
    using QComboBox::QComboBox;
    void showPopup() override;
};

} // namespace secateur::ui
