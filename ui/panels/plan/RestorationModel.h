// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/RestorationRecord.h"

#include <QAbstractTableModel>
#include <optional>

namespace secateur::ui {

/// What the steps of a restoration gained: a row for each variant, plain 2SSP first, with its held-out perplexity on each text.
class RestorationModel : public QAbstractTableModel {
    Q_OBJECT
public:
    explicit RestorationModel(QObject *parent = nullptr) : QAbstractTableModel(parent) {}

    void setRecord(const std::optional<RestorationRecord> &record);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// All rows in the C locale, tab-separated, with a line of names.
    QString separated() const;

private:
    enum class Column { Variant, Removed, Perplexity, Change, Seconds, Verdict };
    /// What a column is, and of which text.
    struct Place {
        Column column = Column::Variant;
        std::size_t text = 0;
    };
    Place placeOf(int column) const;
    std::optional<double> loss(std::size_t row, std::size_t text) const; ///< nats; none where it was not measured

    std::optional<RestorationRecord> m_record;
};

/// "R1".
QString stepLetters(RestorationStep step);
/// "Plain 2SSP", "+ R1: Refit down products": what a variant adds to the one before it.
QString variantName(const RestorationVariant &variant);

} // namespace secateur::ui
